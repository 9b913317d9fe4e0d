const TICK_MS = 1;

/**
 * Watches how long this thread's event loop does not turn: a timer of 1 ms notes how late it comes. The longest lateness
 * is what a request would have had to wait; it is also late when the operating system gives the processor to others,
 * so the same is told for a time in which nothing was asked of this thread.
 */
export class GapWatch {
  private longest = 0;
  private last = performance.now();
  private readonly timer = setInterval(() => {
    const now = performance.now();
    this.longest = Math.max(this.longest, now - this.last - TICK_MS);
    this.last = now;
  }, TICK_MS);

  /** Milliseconds of the longest gap since the last time this was asked. */
  take(): number {
    // what has not ended yet counts as well
    const longest = Math.max(this.longest, performance.now() - this.last - TICK_MS);
    this.longest = 0;
    return longest;
  }

  end(): void {
    clearInterval(this.timer);
  }
}
