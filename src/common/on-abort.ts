import { setMaxListeners } from 'node:events';

/** Calls back when a signal is aborted. Lifts the limit of listeners: node would warn of more than ten. */
export function onAbort(signal: AbortSignal, callback: (this: AbortSignal) => void): () => void {
  try {
    setMaxListeners(0, signal);
  } catch {
    // other signals than node's, such as jsdom's, have no such limit
  }
  signal.addEventListener('abort', callback, { once: true });
  return () => signal.removeEventListener('abort', callback);
}
