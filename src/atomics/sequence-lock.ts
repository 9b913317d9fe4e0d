/**
 * A sequence lock for cells that one thread writes and any thread reads.
 *
 * The word is odd while the writer is between `beginWrite` and `endWrite`. A reader copies the data between two reads of
 * the word and keeps the copy only if both were the same even number.
 *
 * Assumptions: exactly one writing thread. Writer and reader use plain accesses: the writer is a recording thread under
 *   overload, for which two Atomics calls would cost more than the fold itself. What orders them is the machine: V8 emits
 *   typed-array stores in program order and x86-64 keeps them so. On a weaker machine a reader can take a copy in which a
 *   sum and its count differ by the one observation that is being folded at that instant; the next read has both.
 * Guarantees: the writer never waits. A reader retries a bounded number of times and then takes what it has.
 * A writer that was terminated inside leaves an odd word; the next writer's `beginWrite` keeps it odd and goes on.
 */
export function beginWrite(i32: Int32Array, index: number): void {
  i32[index] |= 1;
}

export function endWrite(i32: Int32Array, index: number): void {
  i32[index] = (i32[index] + 1) | 0;
}

/** Reads are tried this often before a torn copy is accepted: a writer needs some 10 ns, an attempt takes longer. */
const ATTEMPTS = 64;

/** Runs `copy` until no write came between. `copy` must overwrite what an earlier attempt left. */
export function readConsistently(i32: Int32Array, index: number, copy: () => void): void {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const before = Atomics.load(i32, index);
    copy();
    if ((before & 1) === 0 && Atomics.load(i32, index) === before) return;
  }
}
