import { monotonic } from '../../common/monotonic';
import { SILENCE_MS } from './lock';

/** If the wall clock advanced more than this beyond the monotonic clock between two calls, somebody has set it. */
const STEP_MS = 1_000;

/**
 * The clock for the ages of files: the wall clock, like the times of files. A jump forward is ignored until it has
 * lasted for an hour: if the clock was set wrong by mistake, no file is removed before it is corrected.
 */
export class AgeClock {
  /** The wall clock minus the monotonic clock, in milliseconds, when the wall clock was last accepted. */
  private offset = Date.now() - monotonic();
  /** When a jump forward was first noticed, on the monotonic clock. */
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
