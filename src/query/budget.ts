import { setImmediate } from 'node:timers/promises';
import { limited } from './failure';
import type { QueryLimits } from './types';

/** Milliseconds after which the event loop gets its turn. */
const LONGEST_TURN = 5;
/** Steps of work, of some nanoseconds each, between two looks at the clock. */
const WORK_BETWEEN = 20_000;
/** Work of making the labels, or the key, of one series. */
const WORK_OF_LABELS = 200;
/** Bytes of an object of labels, without its entries. */
const OBJECT_BYTES = 48;
/** Bytes of a reference or a number, including the slack of growing arrays. */
const ENTRY_BYTES = 16;

/**
 * The memory and time of one evaluation. Operators and functions charge all memory here before they allocate it, and
 * run all loops over series and pairs in `each`, which lets the event loop turn and ends the evaluation when it was
 * aborted or has timed out.
 */
export class Budget {
  private readonly deadline: number;
  private turnedAt = performance.now();
  private work = 0;
  private held = 0;
  private bytes = 0;

  constructor(
    private readonly limits: QueryLimits,
    private readonly signal: AbortSignal | undefined,
  ) {
    this.deadline = this.turnedAt + limits.timeout;
    signal?.throwIfAborted();
  }

  /** Charges memory for so many samples. Throws if the limit is exceeded. */
  hold(samples: number): void {
    this.held += samples;
    const { maxSamples } = this.limits;
    if (this.held > maxSamples)
      throw limited(`the evaluation needs ${this.held} samples at the same time, more than the limit of ${maxSamples}`);
  }

  release(samples: number): void {
    this.held -= samples;
  }

  /** Charges memory for labels, keys, pairs and results. Throws if the limit is exceeded. */
  holdBytes(bytes: number): void {
    this.bytes += bytes;
    const { maxBytes } = this.limits;
    if (this.bytes > maxBytes)
      throw limited(
        `the evaluation needs ${this.bytes} bytes for labels and results, more than the limit of ${maxBytes}`,
      );
  }

  releaseBytes(bytes: number): void {
    this.bytes -= bytes;
  }

  /** Bytes that are held now. */
  get heldBytes(): number {
    return this.bytes;
  }

  /** Charges memory for an object with so many entries, and for new text in it. */
  holdObject(entries: number, characters = 0): void {
    this.holdBytes(OBJECT_BYTES + entries * ENTRY_BYTES + characters);
  }

  /** Charges memory for entries of arrays and maps. */
  holdEntries(entries: number): void {
    this.holdBytes(entries * ENTRY_BYTES);
  }

  /** Charges some work. Returns whether it is time to call `turn`. */
  spend(work: number): boolean {
    this.work += work;
    if (this.work < WORK_BETWEEN) return false;
    this.work = 0;
    return this.isLong;
  }

  /** Whether it is time to call `turn`, by the clock alone. */
  get isLong(): boolean {
    return performance.now() - this.turnedAt > LONGEST_TURN;
  }

  /** Visits the numbers from 0 to before `count`, and lets the event loop turn in between. */
  async each(count: number, visit: (index: number) => void, work = WORK_OF_LABELS): Promise<void> {
    for (let index = 0; index < count; index++) {
      visit(index);
      if (this.spend(work)) await this.turn();
    }
  }

  /** Maps items like `Array.prototype.map`, and lets the event loop turn in between. */
  async map<T, R>(items: readonly T[], make: (item: T, index: number) => R): Promise<R[]> {
    this.holdEntries(items.length);
    const made: R[] = [];
    await this.each(items.length, (index) => made.push(make(items[index], index)));
    return made;
  }

  /** Called between two nodes of an expression. */
  async pause(): Promise<void> {
    if (this.isLong) await this.turn();
  }

  /** Lets the event loop turn. */
  async turn(): Promise<void> {
    await setImmediate();
    this.signal?.throwIfAborted();
    this.turnedAt = performance.now();
    if (this.turnedAt > this.deadline) throw limited(`the evaluation takes longer than ${this.limits.timeout} ms`);
  }
}
