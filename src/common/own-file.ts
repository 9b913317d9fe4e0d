import { accessSync, constants } from 'node:fs';
import { extname, join } from 'node:path';
import { messageOf, RingmeterError } from './errors';

const ADVICE =
  "Leave ringmeter out of the bundle and deploy it in node_modules: `external: ['ringmeter']` (esbuild, rollup, ncc), " +
  "`externals` (webpack), `serverExternalPackages: ['ringmeter']` (Next)";

/**
 * The path of a module of this package that another thread loads. Not `require.resolve`, which bundlers rewrite.
 *
 * @param folder the caller's `__dirname`
 * @throws RingmeterError RINGMETER_WORKER_FAILED if the file cannot be read, as in a bundle
 */
export function ownFile(folder: string, name: string): string {
  const file = join(folder, `${name}${extname(__filename)}`);
  checkOwnFile(file);
  return file;
}

/** @throws RingmeterError RINGMETER_WORKER_FAILED if a file of this package cannot be read */
export function checkOwnFile(file: string): void {
  try {
    accessSync(file, constants.R_OK);
  } catch (error) {
    const forbidden = ['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '');
    const advice = forbidden ? '' : `. ${ADVICE}`;
    const message = `threads cannot be started, because a file of this package cannot be read: ${messageOf(error)}${advice}`;
    throw new RingmeterError('RINGMETER_WORKER_FAILED', message, { cause: error });
  }
}
