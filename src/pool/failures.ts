/** The first delay; each failure doubles it, up to the longest. */
const FIRST_DELAY_MS = 20;
const LONGEST_DELAY_MS = 10_000;
/** After this time without a failure the next one counts as the first again. */
const CALM_MS = 10_000;
/** The longest delay while somebody waits for a worker. */
const LONGEST_WAITED_FOR_MS = 1_000;

/** Failures of workers in a row, whether they failed before or after they were ready. */
export class Failures {
  private count = 0;
  /** The time until which the failures so far are remembered. */
  private remembered = Number.NEGATIVE_INFINITY;
  private last = Number.NEGATIVE_INFINITY;
  private delay = 0;

  /**
   * Counts one more.
   *
   * @param isWaitedFor whether somebody waits for what the worker shall do
   * @returns how long to wait before a worker is started in its place, in milliseconds
   */
  next(isWaitedFor: boolean): number {
    this.last = performance.now();
    if (this.last > this.remembered) this.count = 0;
    const delay = Math.min(FIRST_DELAY_MS * 2 ** this.count++, LONGEST_DELAY_MS);
    this.remembered = this.last + delay + CALM_MS;
    this.delay = isWaitedFor ? Math.min(delay, LONGEST_WAITED_FOR_MS) : delay;
    return this.delay;
  }

  /** How long to wait now that somebody waits for a worker, in milliseconds; undefined if none is delayed for longer. */
  get cut(): number | undefined {
    if (this.delay <= LONGEST_WAITED_FOR_MS || performance.now() >= this.last + this.delay) return undefined;
    return Math.max(0, this.last + LONGEST_WAITED_FOR_MS - performance.now());
  }
}
