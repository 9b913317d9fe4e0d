import { monotonic } from '../common/monotonic';

/** A wall clock that differs by more milliseconds from the elapsed time has been set. */
const TOLERANCE_MS = 1_000;

/** The clock on which expressions of rules are evaluated. */
export interface HistoryTimes {
  /** The history's time at a moment of the monotonic clock; undefined if there is none yet. */
  timeAt?(moment: number): number | undefined;
}

/** The clocks of rule evaluations. Times in milliseconds since 1970. */
export interface RuleClock {
  /** Monotonic and equal on all threads: used for steps of groups, `for`, and the stored times of alerts. */
  now(): number;
  /** The time of the history at a moment of that clock. */
  toHistory(time: number): number;
  /** The wall clock minus this clock: added to all times that are shown or sent. */
  readonly wallAhead: number;
}

/** @param offset wall clock minus monotonic clock when the rules were made */
export function makeRuleClock(offset: number, history: HistoryTimes = {}): RuleClock {
  const now = (): number => monotonic() + offset;
  return {
    now,
    toHistory(time) {
      const moment = monotonic();
      const there = history.timeAt?.(moment);
      if (there === undefined || unlessSmall(there - (moment + offset)) === 0) return time;
      // compared now, not at the step: the first snapshot after the clock was set may be newer than the step
      return Math.round(there);
    },
    get wallAhead() {
      return unlessSmall(Date.now() - now());
    },
  };
}

function unlessSmall(difference: number): number {
  return Math.abs(difference) < TOLERANCE_MS ? 0 : Math.round(difference);
}

/** For callers that pass every time themselves: all clocks are equal. */
export const GIVEN_TIME: RuleClock = { now: () => Date.now(), toHistory: (time) => time, wallAhead: 0 };
