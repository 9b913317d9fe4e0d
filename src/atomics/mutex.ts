import { waitFor } from './wait';

/**
 * A mutual exclusion lock in two 32-bit words of shared memory that knows its owner.
 *
 *     index      0 = free, otherwise the owner's mark (thread id + 1, never reused within a process)
 *     index + 1  1 = somebody has had to wait since it was taken: a hint
 *
 * Assumptions: the words are aligned and only touched through this file; a mark belongs to one living thread.
 * Guarantees: between a `true` from `tryLock`/`lock` and `unlock`, no other thread holds the lock; everything the
 *   previous holder stored, plainly or atomically, is visible to the next (all Atomics are sequentially consistent).
 * Progress: `tryLock` and `unlock` never wait. `lock` waits at most its time bound, and a holder that died is put out by
 *   `recover`, which the thread that hears of its end calls; so no thread ever waits for a dead one for ever. The thread that
 *   hears of ends may be the one that waits, without turning its event loop: `onLongWait` lets it look while it waits.
 * Not re-entrant: a holder that asks again waits until its time is up and gets `false`.
 */
export function tryLock(i32: Int32Array, index: number, mark: number): boolean {
  return Atomics.compareExchange(i32, index, 0, mark) === 0;
}

/** Takes the lock for as long as the thread lives, or has it already: a lease. */
export function hold(i32: Int32Array, index: number, mark: number): boolean {
  const holder = Atomics.compareExchange(i32, index, 0, mark);
  return holder === 0 || holder === mark;
}

/** Waits in slices: a wake-up can only be late by one slice, whatever happens to the thread that should send it. */
const SLICE_MS = 1;

/** Slices before a waiting thread looks whether the holder has ended, and between two such looks. */
const SLICES_PER_LOOK = 8;

/** Frees the locks of the thread with this mark, if it has ended. */
type Look = (mark: number) => void;
let look: Look = () => {};

/** Lets this thread find out by `newLook`, while it waits for a lock, whether the lock's holder has ended. */
export function onLongWait(newLook: Look): void {
  look = newLook;
}

/** Frees the lock if its holder has ended, as far as this thread can find that out without turning its event loop. */
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

/** Whether somebody waits for the lock, or did. A holder with much to do looks now and then, and lets go for a moment. */
export function isWanted(i32: Int32Array, index: number): boolean {
  return Atomics.load(i32, index + 1) !== 0;
}

/** Leaves a lock that has just been freed to those who want it, for a slice of time. */
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
 * Makes the caller the holder in place of a thread that is known to have ended. Returns whether that one held the lock:
 * of several threads that hear of one end, one gets it.
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
