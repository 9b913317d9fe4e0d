/** The first delay; each failure doubles it, up to the longest. */
const FIRST_DELAY_MS = 20;
const LONGEST_DELAY_MS = 10_000;
/** After this time without a failure the next one counts as the first again. */
const CALM_MS = 10_000;

/** Failures of workers in a row, whether they failed before or after they were ready. */
export class Failures {
  private count = 0;
  /** The time until which the failures so far are remembered. */
  private remembered = Number.NEGATIVE_INFINITY;

  /** Counts one more. @returns how long to wait before a worker is started in its place, in milliseconds */
  next(): number {
    const now = performance.now();
    if (now > this.remembered) this.count = 0;
    const delay = Math.min(FIRST_DELAY_MS * 2 ** this.count++, LONGEST_DELAY_MS);
    this.remembered = now + delay + CALM_MS;
    return delay;
  }
}
