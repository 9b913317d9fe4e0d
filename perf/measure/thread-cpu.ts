import { readFileSync } from 'node:fs';

/** Milliseconds of processor time that the main thread has used. On Linux; NaN elsewhere. */
export function mainThreadCpu(): number {
  try {
    // a process's main thread has its number
    return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
  } catch {
    return Number.NaN;
  }
}
