/**
 * A sequence lock for cells that one thread writes and any thread reads.
 *
 * The word is odd while the writer is between its first store and its last. A reader copies the data between two reads of
 * the word and keeps the copy only if both were the same even number. The writer's side is written out where its stores
 * are, in one straight line with them, so that a thread which is terminated never leaves an odd word behind:
 *
 *     const version = i32[index] | 1;
 *     i32[index] = version;
 *     ... the stores ...
 *     i32[index] = (version + 1) | 0;
 *
 * Assumptions: exactly one writing thread. Writer and reader use plain accesses: the writer is a recording thread under
 *   overload, for which two Atomics calls would cost more than the fold itself. What orders them is the machine: V8 emits
 *   typed-array stores in program order and x86-64 keeps them so. On a weaker machine a reader can take a copy in which a
 *   sum and its count differ by the one observation that is being folded at that instant; the next read has both.
 * Guarantees: the writer never waits. A reader waits for a writer that has lost its processor in the middle, as long as a
 *   loaded machine may take to give it back, and then takes what it has. It does so as well if the writer, without a
 *   pause, writes faster than the reader copies: then what is being folded at that moment may be half in.
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
    const moved = Atomics.load(i32, index) !== before;
    if ((before & 1) === 0 && !moved) return;
    if (attempt < ATTEMPTS) continue;
    if (moved || naps++ === NAPS) return;
    Atomics.wait(i32, index, before, NAP_MS);
    attempt = 0;
  }
}
