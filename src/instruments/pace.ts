import { performance } from 'node:perf_hooks';

/** After callbacks took some time of their thread's event loop, they are left alone for this many times as long. */
const REST_PER_BUSY = 3;
/** They are left alone for at least so long, in milliseconds: in that time the event loop turns. */
const LEAST_REST_MS = 1;

/**
 * Limits the share of a thread's time that callbacks can take to a quarter, however often they are asked for values. Time in
 * which the event loop waits while a callback awaits something does not count.
 */
export class Pace {
  private restsUntil = 0;

  /** Call this before a callback is called. @returns what to call when it is done */
  measure(): () => void {
    const began = performance.now();
    const activeBefore = activeTime();
    return () => {
      const now = performance.now();
      const busy = Math.min(now - began, activeTime() - activeBefore);
      this.restsUntil = Math.max(this.restsUntil, now + Math.max(REST_PER_BUSY * busy, LEAST_REST_MS));
    };
  }

  /** Milliseconds for which callbacks are still to be left alone; 0 if they may be called. */
  get rest(): number {
    return Math.max(Math.ceil(this.restsUntil - performance.now()), 0);
  }
}

/** How long this thread's event loop has been busy. */
function activeTime(): number {
  return performance.eventLoopUtilization().active;
}
