import { extname, join } from 'node:path';

/** The file that a thread of the library's own is started with. */
export function workerFile(name: string): string {
  return join(__dirname, '..', '..', 'workers', `${name}${extname(__filename)}`);
}

/** A preload of the user's must not run in those threads: if it makes a collector, that would start workers without end. */
export function cleanStart(): { execArgv: string[]; env: NodeJS.ProcessEnv } {
  return { execArgv: [], env: { ...process.env, NODE_OPTIONS: '' } };
}
