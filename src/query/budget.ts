import { setImmediate } from 'node:timers/promises';
import { limited } from './failure';
import type { QueryLimits } from './types';

/** Milliseconds after which the event loop gets its turn. */
const LONGEST_TURN = 5;
/** Steps of work, of some nanoseconds each, between two looks at the clock. */
const WORK_BETWEEN = 20_000;

/** What one evaluation has taken. It is asked between steps of the work, and ends the evaluation with an error. */
export class Budget {
  private readonly deadline: number;
  private turnedAt = performance.now();
  private work = 0;
  private held = 0;

  constructor(
    private readonly limits: QueryLimits,
    private readonly signal: AbortSignal | undefined,
  ) {
    this.deadline = this.turnedAt + limits.timeout;
    signal?.throwIfAborted();
  }

  /** Asks for room for so many samples. */
  hold(samples: number): void {
    this.held += samples;
    const { maxSamples } = this.limits;
    if (this.held > maxSamples)
      throw limited(`the evaluation needs ${this.held} samples at one time, and may hold ${maxSamples}`);
  }

  release(samples: number): void {
    this.held -= samples;
  }

  /** Notes some work. Returns whether it is time for `turn`. */
  spend(work: number): boolean {
    this.work += work;
    if (this.work < WORK_BETWEEN) return false;
    this.work = 0;
    return this.isLong;
  }

  /** Whether it is time for `turn`, whatever the work was. */
  get isLong(): boolean {
    return performance.now() - this.turnedAt > LONGEST_TURN;
  }

  /** Lets the event loop turn. */
  async turn(): Promise<void> {
    await setImmediate();
    this.signal?.throwIfAborted();
    this.turnedAt = performance.now();
    if (this.turnedAt > this.deadline) throw limited(`the evaluation takes longer than ${this.limits.timeout} ms`);
  }
}
