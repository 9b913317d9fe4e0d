/** Whether gauges, histograms and summaries accept a value. False for every non-number; nothing is converted. */
export function isFiniteNumber(value: unknown): boolean {
  return typeof value === 'number' && value - value === 0;
}

/** Whether counters accept a value. */
export function isIncrement(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value !== Number.POSITIVE_INFINITY;
}
