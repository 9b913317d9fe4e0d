import { accessSync, constants } from 'node:fs';
import { extname, join } from 'node:path';
import { messageOf, RingmeterError } from '../errors';

/** The file that a thread of the library's own is started with. */
export function workerFile(name: 'flush' | 'storage'): string {
  return join(__dirname, '..', '..', 'workers', `${name}${extname(__filename)}`);
}

const ADVICE =
  "Leave ringmeter out of the bundle and deploy it in node_modules: `external: ['ringmeter']` (esbuild, rollup, ncc), " +
  "`externals` (webpack), `serverExternalPackages: ['ringmeter']` (Next)";

/** @throws RingmeterError RINGMETER_WORKER_FAILED if that file cannot be read */
export function checkWorkerFile(name: 'flush' | 'storage'): void {
  try {
    accessSync(workerFile(name), constants.R_OK);
  } catch (error) {
    const forbidden = ['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '');
    // else it is not there; in a bundle of ES modules not even __dirname is
    const advice = forbidden ? '' : `. ${ADVICE}`;
    const message = `threads cannot be started, since their file cannot be read: ${messageOf(error)}${advice}`;
    throw new RingmeterError('RINGMETER_WORKER_FAILED', message, { cause: error });
  }
}

/** A preload of the user's must not run in those threads: if it makes a collector, that would start workers without end. */
export function cleanStart(): { execArgv: string[]; env: NodeJS.ProcessEnv } {
  return { execArgv: [], env: { ...process.env, NODE_OPTIONS: '' } };
}
