import { setMaxListeners } from 'node:events';

/** Calls back when a signal is aborted. As many may wait for one signal as like to: node would warn of more than ten. */
export function onAbort(signal: AbortSignal, callback: (this: AbortSignal) => void): () => void {
  try {
    setMaxListeners(0, signal);
  } catch {
    // a signal that is not node's, such as that of jsdom, knows no such limit
  }
  signal.addEventListener('abort', callback, { once: true });
  return () => signal.removeEventListener('abort', callback);
}
