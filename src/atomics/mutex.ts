import { waitFor } from './wait';

/**
 * A mutual exclusion lock in two 32-bit words of shared memory that knows its owner.
 *
 *     index      0 = free, otherwise the owner's mark (thread id + 1, never reused within a process)
 *     index + 1  1 = some thread has had to wait since the lock was taken: a hint
 *
 * Assumptions: the words are aligned and only touched through this file; a mark belongs to one living thread.
 * Guarantees: between a `true` from `tryLock`/`lock` and `unlock`, no other thread holds the lock; everything the
 *   previous holder stored, plainly or atomically, is visible to the next (all Atomics are sequentially consistent).
 * Progress: `tryLock` and `unlock` never wait. `lock` waits until its deadline at most. If the holder dies, the thread
 *   that is told of its end frees the lock by `recover`; so no thread waits for a dead one for ever. If that thread
 *   itself waits for the lock, with its event loop blocked, it makes the check that `onLongWait` has set.
 * Not re-entrant: a holder that asks again waits until its deadline and gets `false`.
 */
export function tryLock(i32: Int32Array, index: number, mark: number): boolean {
  return Atomics.compareExchange(i32, index, 0, mark) === 0;
}

/** Takes the lock as a lease that ends with the thread. Returns true as well if this thread has it already. */
export function hold(i32: Int32Array, index: number, mark: number): boolean {
  const holder = Atomics.compareExchange(i32, index, 0, mark);
  return holder === 0 || holder === mark;
}

/** A waiting thread sleeps in slices, so a lost wake-up (its sender was terminated) delays it by one slice at most. */
const SLICE_MS = 1;

/** Number of slices after which a waiting thread checks whether the holder has ended, and between two such checks. */
const SLICES_PER_LOOK = 8;

/** Frees the locks of the thread with this mark, if it has ended. */
type Look = (mark: number) => void;
let look: Look = () => {};

/** Sets the check that this thread makes while it waits for a lock: whether the lock's holder has ended. */
export function onLongWait(newLook: Look): void {
  look = newLook;
}

/** Frees the lock if its holder has ended and this thread can find that out without returning to its event loop. */
export function lookForHolder(i32: Int32Array, index: number): void {
  const holder = Atomics.load(i32, index);
  if (holder !== 0) look(holder);
}

/** Takes the lock, sleeping until `deadline` (by performance.now()) at most. Returns whether it was taken. */
export function lock(i32: Int32Array, index: number, mark: number, deadline: number): boolean {
  if (tryLock(i32, index, mark)) return true;
  for (let slice = 1; performance.now() < deadline; slice++) {
    const holder = Atomics.load(i32, index);
    Atomics.store(i32, index + 1, 1);
    if (holder !== 0) waitFor(i32, index, holder, SLICE_MS);
    if (slice % SLICES_PER_LOOK === 0) lookForHolder(i32, index);
    if (tryLock(i32, index, mark)) return true;
  }
  return false;
}

/** Whether another thread waits or has waited for the lock. A holder with long work checks this, and yields. */
export function isWanted(i32: Int32Array, index: number): boolean {
  return Atomics.load(i32, index + 1) !== 0;
}

/** Called after `unlock`: sleeps one slice, so that a waiting thread can take the lock before this one asks again. */
export function leaveToOthers(i32: Int32Array, index: number): void {
  waitFor(i32, index, 0, SLICE_MS);
}

/** Only the holder calls this. Publishes everything it stored while it held the lock. */
export function unlock(i32: Int32Array, index: number): void {
  Atomics.store(i32, index + 1, 0);
  Atomics.store(i32, index, 0);
  Atomics.notify(i32, index, 1);
}

/**
 * Makes the caller the holder in place of a thread that is known to have ended. Returns whether that thread held the
 * lock. Of several threads that are told of one end, only one gets true.
 */
export function takeOver(i32: Int32Array, index: number, deadMark: number, mark: number): boolean {
  return Atomics.compareExchange(i32, index, deadMark, mark) === deadMark;
}

/** Frees the lock if a thread that is known to have ended still holds it. Returns whether it did. */
export function recover(i32: Int32Array, index: number, deadMark: number): boolean {
  if (!takeOver(i32, index, deadMark, 0)) return false;
  Atomics.notify(i32, index, 1);
  return true;
}
