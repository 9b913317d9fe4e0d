/**
 * When a budget is spent so fast that somebody has to know. Source: The Site Reliability Workbook, "Alerting on SLOs",
 * table 5-8: for a window of 30 days the factors are 14.4, 6, 3 and 1.
 */
export interface BurnRate {
  /** Milliseconds. Both windows have to burn: the long one so that it matters, the short one so that it still goes on. */
  readonly long: number;
  readonly short: number;
  /** Which part of the budget is spent in the long window when the alert fires. */
  readonly budgetShare: number;
  readonly urgency: 'page' | 'ticket';
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const BURN_RATES: readonly BurnRate[] = [
  { long: HOUR, short: 5 * MINUTE, budgetShare: 0.02, urgency: 'page' },
  { long: 6 * HOUR, short: 30 * MINUTE, budgetShare: 0.05, urgency: 'page' },
  { long: DAY, short: 2 * HOUR, budgetShare: 0.1, urgency: 'ticket' },
  { long: 3 * DAY, short: 6 * HOUR, budgetShare: 0.1, urgency: 'ticket' },
];

/** The windows of all of them, ascending. */
export const BURN_WINDOWS: readonly number[] = [
  ...new Set(BURN_RATES.flatMap(({ long, short }) => [long, short])),
].sort((a, b) => a - b);

/**
 * How many times as fast as it may a budget for `window` milliseconds is spent when the alert fires. Never less than once:
 * a budget that is spent more slowly lasts, and nobody has to know.
 */
export function burnFactor({ budgetShare, long }: BurnRate, window: number): number {
  return Math.max(1, tidy((budgetShare * window) / long));
}

/** Without the last digits, which only say that numbers are binary. */
export function tidy(value: number): number {
  return Number(value.toPrecision(12));
}
