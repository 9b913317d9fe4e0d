/** What gauges, histograms and summaries take. Says no to everything that is no number, without converting it. */
export function isFiniteNumber(value: unknown): boolean {
  return typeof value === 'number' && value - value === 0;
}

/** What counters take. */
export function isIncrement(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value !== Number.POSITIVE_INFINITY;
}
