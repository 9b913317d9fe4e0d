/**
 * The burn rate at which an alert fires. Source: The Site Reliability Workbook, "Alerting on SLOs",
 * table 5-8: for a window of 30 days the factors are 14.4, 6, 3 and 1.
 */
export interface BurnRate {
  /** Milliseconds. Both windows must exceed the rate: the long one proves relevance, the short that it continues. */
  readonly long: number;
  readonly short: number;
  /** The share of the budget that is spent within the long window when the alert fires. */
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
 * The burn rate (1 = the budget of `window` milliseconds is spent exactly) above which the alert fires. At least 1: at
 * a lower rate the budget lasts.
 */
export function burnFactor({ budgetShare, long }: BurnRate, window: number): number {
  return Math.max(1, tidy((budgetShare * window) / long));
}

/** Rounds off the last digits, which are binary rounding noise. */
export function tidy(value: number): number {
  return Number(value.toPrecision(12));
}
