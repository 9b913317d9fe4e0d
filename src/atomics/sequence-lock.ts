import { waitFor } from './wait';

/**
 * A sequence lock for cells that one thread writes and any thread reads, without a lock.
 *
 * The word is odd while the writer is between its first store and its last. A reader copies the data between two reads of
 * the word, and keeps the copy only if both gave the same even number. The writer's side is written out where its stores
 * are, in one straight line with them, so that a thread which is terminated never leaves an odd word behind:
 *
 *     const version = i32[index] | 1;
 *     Atomics.exchange(i32, index, version);
 *     ... the stores ...
 *     Atomics.store(i32, index, (version + 1) | 0);
 *
 * Assumption: one thread writes at a time.
 * Guarantees: a copy that is kept has all stores of a write or none. The writer never waits. A reader waits a tenth of a
 *   second at most for a writer that has lost its processor in the middle, and then takes what there is. It does so as well
 *   if the writer, without a pause, writes faster than the reader copies: then one write may be half in.
 *
 * Why it is right by the language's memory model, and so on arm64. The writer begins with a read-modify-write of the word,
 * and the reader ends with one. Of these two, one comes first and the other one reads what it wrote. If the reader's comes
 * first, its plain loads happen before the writer's stores, and cannot have seen them. If the writer's comes first, the
 * reader finds another number and copies again. An `Atomics.load` at the reader's end would not do: it does not hold back
 * the plain loads before it. The writer ends with an `Atomics.store`, which the reader's first `Atomics.load` reads: what
 * was stored before is visible.
 *
 * Both Atomics calls together cost more than many a write. A writer that holds a lock which readers take as well needs
 * neither, and stores the word plainly. A reader that did not get that lock in time copies by the sequence all the same. Its
 * copy is right if the lock's holder has been stopped or has ended, which is why the lock was not to be had. If the holder
 * goes on at just that moment, on a machine that reorders stores, the copy may have one write half in.
 */

/** Copies that are tried at once: a writer needs some 10 ns, a copy takes longer. */
const ATTEMPTS = 64;
/** How often a reader sleeps for a writer that does not move, and how long. */
const NAPS = 100;
const NAP_MS = 1;

/** Runs `copy` until no write came between. `copy` must overwrite what an earlier attempt left. */
export function readConsistently(i32: Int32Array, index: number, copy: () => void): void {
  for (let attempt = 1, naps = 0; ; attempt++) {
    const before = Atomics.load(i32, index);
    copy();
    const after = loadLast(i32, index);
    const moved = after !== before;
    if ((before & 1) === 0 && !moved) return;
    if (attempt < ATTEMPTS) continue;
    if (moved || naps++ === NAPS) return;
    waitFor(i32, index, before, NAP_MS);
    attempt = 0;
  }
}

/**
 * Reads a word after plain loads of what it guards: a read-modify-write that changes nothing, since those loads must not be
 * delayed past it.
 */
export function loadLast(i32: Int32Array, index: number): number {
  return Atomics.or(i32, index, 0);
}
