import type { Worker } from 'node:worker_threads';
import type { Test } from 'tap';

/** The threads that are started from now on, the newest last. */
export function startedWorkers(t: Test): Worker[] {
  const workers: Worker[] = [];
  const keep = (worker: Worker): unknown => workers.push(worker);
  process.on('worker', keep);
  t.teardown(() => process.off('worker', keep));
  return workers;
}
