import { setTimeout as sleep } from 'node:timers/promises';
import { tryLock, unlock } from './mutex';

/**
 * Runs a short action while this thread holds the lock. Waits for the lock without blocking the event loop: if its
 * holder has died, this thread may be the one that has to free it.
 *
 * @param maxWait milliseconds to wait for the lock; after that, the error that `inUse` makes is thrown
 */
export async function exclusively<T>(
  i32: Int32Array,
  index: number,
  mark: number,
  maxWait: number,
  action: () => T,
  inUse: () => Error,
): Promise<T> {
  for (const end = performance.now() + maxWait; !tryLock(i32, index, mark); await sleep(1))
    if (performance.now() > end) throw inUse();
  try {
    return action();
  } finally {
    unlock(i32, index);
  }
}
