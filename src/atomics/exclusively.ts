import { setTimeout as sleep } from 'node:timers/promises';
import { tryLock, unlock } from './mutex';

/**
 * Runs something short while no other thread holds the lock. Waits without blocking: the thread that puts out a dead
 * holder may be the one that waits.
 *
 * @param patience milliseconds after which it is given up, with the error that `inUse` makes
 */
export async function exclusively<T>(
  i32: Int32Array,
  index: number,
  mark: number,
  patience: number,
  action: () => T,
  inUse: () => Error,
): Promise<T> {
  for (const end = performance.now() + patience; !tryLock(i32, index, mark); await sleep(1))
    if (performance.now() > end) throw inUse();
  try {
    return action();
  } finally {
    unlock(i32, index);
  }
}
