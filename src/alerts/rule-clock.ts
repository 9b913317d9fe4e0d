import { monotonic } from '../common/monotonic';

/** Milliseconds by which a wall clock may differ from what has passed without having been set. */
const TOLERANCE_MS = 1_000;

/** Whose times the rules' expressions are evaluated at. */
export interface HistoryTimes {
  /** The history's time at a moment of the monotonic clock; undefined if there is none yet. */
  timeAt?(moment: number): number | undefined;
}

/** The clocks that an evaluation of rules goes by. Times in milliseconds since 1970. */
export interface RuleClock {
  /** Monotonic, and common to all threads: steps of groups, `for`, and all that is kept of alerts. */
  now(): number;
  /** The time of the history at a moment of that clock. */
  toHistory(time: number): number;
  /** By how much the wall clock is ahead of that clock: what is shown and sent is of the wall clock. */
  readonly wallAhead: number;
}

/** @param offset of the monotonic clock from the wall clock when the rules were made */
export function makeRuleClock(offset: number, history: HistoryTimes = {}): RuleClock {
  const now = (): number => monotonic() + offset;
  return {
    now,
    toHistory(time) {
      const moment = monotonic();
      const there = history.timeAt?.(moment);
      if (there === undefined || unlessSmall(there - (moment + offset)) === 0) return time;
      // now, not at the step: the first snapshot since the clock was set may have come in between
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

/** A clock that is what it is told: there is no other. */
export const GIVEN_TIME: RuleClock = { now: () => Date.now(), toHistory: (time) => time, wallAhead: 0 };
