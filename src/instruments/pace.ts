import { performance } from 'node:perf_hooks';

/** After callbacks have kept their thread busy for some time, they are not called for this many times as long. */
const REST_PER_BUSY = 3;
/** Shortest such pause, in milliseconds, in which the event loop turns. */
const LEAST_REST_MS = 1;

/**
 * Rate limit: callbacks can take at most a quarter of their thread's time, however often snapshots are made. Idle time
 * of the event loop while a callback awaits something does not count.
 */
export class Pace {
  private restsUntil = 0;

  /** Call this before callbacks are called. @returns a function to call when they are done */
  measure(): () => void {
    const began = performance.now();
    const activeBefore = activeTime();
    return () => {
      const now = performance.now();
      const busy = Math.min(now - began, activeTime() - activeBefore);
      this.restsUntil = Math.max(this.restsUntil, now + Math.max(REST_PER_BUSY * busy, LEAST_REST_MS));
    };
  }

  /** Milliseconds until callbacks may be called again; 0 = now. */
  get rest(): number {
    return Math.max(Math.ceil(this.restsUntil - performance.now()), 0);
  }
}

/** How long this thread's event loop has been busy. */
function activeTime(): number {
  return performance.eventLoopUtilization().active;
}
