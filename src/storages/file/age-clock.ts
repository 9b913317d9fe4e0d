import { monotonic } from '../../common/monotonic';
import { SILENCE_MS } from './lock';

/** Milliseconds by which the wall clock may be ahead of what has passed between two looks without having been set. */
const STEP_MS = 1_000;

/**
 * What ages of files are counted by: the wall clock, as their times are. One that is set forward is not believed before it
 * has stayed so for an hour: if it was set wrong, nothing has been removed for it when it is set right again.
 */
export class AgeClock {
  /** By how much the wall clock was ahead of the monotonic one when it was believed last. */
  private offset = Date.now() - monotonic();
  /** When it was seen first that it had been set forward, by the monotonic clock. */
  private steppedAt: number | undefined;

  /** Wall-clock milliseconds. */
  now(): number {
    const passed = monotonic();
    const offset = Date.now() - passed;
    if (offset <= this.offset + STEP_MS) this.steppedAt = undefined;
    else {
      this.steppedAt ??= passed;
      if (passed - this.steppedAt < SILENCE_MS) return passed + this.offset;
      this.steppedAt = undefined;
    }
    this.offset = offset;
    return passed + offset;
  }
}
