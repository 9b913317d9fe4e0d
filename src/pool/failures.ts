/** The first delay; each failure doubles it, up to the longest. */
const FIRST_DELAY_MS = 20;
const LONGEST_DELAY_MS = 10_000;
/** After this time without a failure, the backoff starts again at the first delay. */
const CALM_MS = 10_000;
/** The longest delay while a task waits for a worker. */
const LONGEST_WAITED_FOR_MS = 1_000;

/** Exponential backoff after consecutive failures of workers, whether before or after they were ready. */
export class Failures {
  private count = 0;
  /** The time until which the failures so far are remembered. */
  private remembered = Number.NEGATIVE_INFINITY;
  private last = Number.NEGATIVE_INFINITY;
  private delay = 0;

  /**
   * Counts a failure.
   *
   * @param isWaitedFor whether a task waits for a worker
   * @returns milliseconds to wait before a replacement is started
   */
  next(isWaitedFor: boolean): number {
    this.last = performance.now();
    if (this.last > this.remembered) this.count = 0;
    const delay = Math.min(FIRST_DELAY_MS * 2 ** this.count++, LONGEST_DELAY_MS);
    this.remembered = this.last + delay + CALM_MS;
    this.delay = isWaitedFor ? Math.min(delay, LONGEST_WAITED_FOR_MS) : delay;
    return this.delay;
  }

  /** Milliseconds left of the shortened delay, now that a task waits; undefined if there is nothing to shorten. */
  get cut(): number | undefined {
    if (this.delay <= LONGEST_WAITED_FOR_MS || performance.now() >= this.last + this.delay) return undefined;
    return Math.max(0, this.last + LONGEST_WAITED_FOR_MS - performance.now());
  }
}
