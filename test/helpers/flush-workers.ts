import type { Worker } from 'node:worker_threads';
import type { Test } from 'tap';

/** The workers that run, in the order in which they were started. */
export function watchWorkers(t: Test): Worker[] {
  const running: Worker[] = [];
  const remember = (worker: Worker): void => {
    running.push(worker);
    worker.once('exit', () => running.splice(running.indexOf(worker), 1));
  };
  process.on('worker', remember);
  t.teardown(() => process.off('worker', remember));
  return running;
}
