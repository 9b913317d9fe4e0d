import type { Worker } from 'node:worker_threads';

/**
 * Ends of worker threads that this thread started, whoever started them and however they ended: node reports the exit
 * after the thread is joined, so everything it ever stored is visible to the listener.
 */
type Listener = (threadId: number) => void;

const listeners = new Set<Listener>();
let watching = false;

/** Calls `listener` for every thread that ends from now on. Returns how to stop that. Keeps nothing alive. */
export function onThreadEnd(listener: Listener): () => void {
  if (!watching) process.on('worker', watch);
  watching = true;
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function watch(worker: Worker): void {
  // an ended worker has forgotten its id
  const { threadId } = worker;
  worker.once('exit', () => {
    for (const listener of [...listeners]) listener(threadId);
  });
}
