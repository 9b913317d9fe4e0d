import { openSync, readSync } from 'node:fs';

const TICK_MS = 1;

/** How long an event loop did not turn. */
export interface Gap {
  /** Milliseconds of the longest time: what a request would have had to wait. */
  ms: number;
  /**
   * The same without the time in which the thread could have run but the operating system had given the processors to
   * others: what the thread itself did. On Linux; elsewhere NaN.
   */
  ownMs: number;
}

/**
 * Watches how long this thread's event loop does not turn: a timer of 1 ms notes how late it comes. On a machine with few
 * processors it is late also when others use them, so the same is told for a time in which nothing was asked of this
 * thread, and without the time spent waiting for a processor.
 */
export class GapWatch {
  private longest: Gap = { ms: 0, ownMs: 0 };
  private last = performance.now();
  private lastWait = waitedForProcessor();
  private readonly timer = setInterval(() => this.note(), TICK_MS);

  /** The longest gap since the last time this was asked. */
  take(): Gap {
    // what has not ended yet counts as well
    this.note();
    const { longest } = this;
    this.longest = { ms: 0, ownMs: 0 };
    return longest;
  }

  end(): void {
    clearInterval(this.timer);
  }

  private note(): void {
    const now = performance.now();
    const wait = waitedForProcessor();
    const late = Math.max(now - this.last - TICK_MS, 0);
    const { ms, ownMs } = this.longest;
    this.longest = { ms: Math.max(ms, late), ownMs: Math.max(ownMs, Math.max(late - (wait - this.lastWait), 0)) };
    // reading that took a moment too
    this.last = performance.now();
    this.lastWait = wait;
  }
}

const text = Buffer.alloc(64);
let schedule: number | undefined;

/** Milliseconds for which this thread could run and had no processor. */
function waitedForProcessor(): number {
  try {
    // stands for the thread that opens it
    schedule ??= openSync('/proc/thread-self/schedstat', 'r');
    const length = readSync(schedule, text, 0, text.length, 0);
    return Number(text.toString('latin1', 0, length).split(' ')[1]) / 1e6;
  } catch {
    return Number.NaN;
  }
}
