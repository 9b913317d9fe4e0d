// not the globals: there are realms that have none, or whose timers are not node's
import { clearInterval, setInterval } from 'node:timers';

/** How often a thread polls the flag. */
const LOOK_MS = 10;

/**
 * Cancels a task on another thread: shared memory that becomes 1 when its answer is not wanted any more. Unlike a
 * MessagePort it can be sent again, to the worker that takes over from a dead one.
 */
export function makeCancelFlag(): SharedArrayBuffer {
  return new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
}

export function cancel(flag: SharedArrayBuffer): void {
  Atomics.store(new Int32Array(flag), 0, 1);
}

/** Runs `run` with a signal that is aborted within LOOK_MS after the flag is set. */
export async function whileWanted<T>(flag: SharedArrayBuffer, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const word = new Int32Array(flag);
  const controller = new AbortController();
  const timer = setInterval(() => Atomics.load(word, 0) === 1 && controller.abort(), LOOK_MS).unref();
  try {
    return await run(controller.signal);
  } finally {
    clearInterval(timer);
  }
}
