import { waitFor } from './wait';

/**
 * A sequence lock for cells that one thread writes and any thread reads, without a lock.
 *
 * The word is odd while the writer is between its first store and its last. A reader copies the data between two reads
 * of the word, and keeps the copy only if both gave the same even number; otherwise it retries. The writer's side is
 * inlined with its stores, in one straight line, so that a thread which is terminated never leaves an odd word behind:
 *
 *     const version = i32[index] | 1;
 *     Atomics.exchange(i32, index, version);
 *     ... the stores ...
 *     Atomics.store(i32, index, (version + 1) | 0);
 *
 * Assumption: one thread writes at a time.
 * Guarantees: a copy that is kept has all stores of a write or none. The writer never waits. A reader waits 100 ms at
 *   most for a writer that the system has descheduled in the middle of a write, and then keeps its last copy. It also
 *   does so if the writer keeps writing faster than the reader copies. Then the copy may have part of a write.
 *
 * Why it is right by the language's memory model, and so on arm64. The writer begins with a read-modify-write of the
 * word, and the reader ends with one. One of these two comes first, and the other one reads the value it wrote. If the
 * reader's comes first, its plain loads happen before the writer's stores, and cannot have seen them. If the writer's
 * comes first, the reader finds another number and copies again. An `Atomics.load` at the reader's end would not
 * suffice: plain loads before it may be delayed past it. The writer ends with an `Atomics.store`, which the reader's
 * first `Atomics.load` reads: all stores before it are visible.
 *
 * The two Atomics calls can cost more than the write itself. A writer that holds a lock which readers take as well
 * needs neither, and stores the word plainly. A reader that does not get that lock in time still copies by the
 * sequence. Its copy is right if the lock's holder was stopped or has ended, the usual reason why the lock is not free.
 * If the holder resumes at that very moment, on a machine that reorders stores, the copy may have part of one write.
 */

/** Attempts without a sleep between them: a write takes some 10 ns, a copy takes longer. */
const ATTEMPTS = 64;
/** How often a reader sleeps while the word stays odd, and for how long each time. */
const WAITS = 100;
const WAIT_MS = 1;

/** Repeats `copy` until no write has overlapped it. `copy` must overwrite all results of an earlier attempt. */
export function readConsistently(i32: Int32Array, index: number, copy: () => void): void {
  for (let attempt = 1, waits = 0; ; attempt++) {
    const before = Atomics.load(i32, index);
    copy();
    const after = loadLast(i32, index);
    const moved = after !== before;
    if ((before & 1) === 0 && !moved) return;
    if (attempt < ATTEMPTS) continue;
    if (moved || waits++ === WAITS) return;
    waitFor(i32, index, before, WAIT_MS);
    attempt = 0;
  }
}

/**
 * Reads a sequence word after plain loads of the data that it guards. It is a read-modify-write that changes nothing,
 * since those loads must not be delayed past it.
 */
export function loadLast(i32: Int32Array, index: number): number {
  return Atomics.or(i32, index, 0);
}
