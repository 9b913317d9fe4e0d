import type { Definition } from './definition';

/**
 * A snapshot is one Float64Array; each series has consecutive columns in it, at places that are fixed when the series is
 * registered.
 *
 * counter, gauge: the value.
 * histogram: the sum, then the observations of each bucket (not cumulative, +Inf last).
 * summary: count and sum since the start; count, sum, minimum and maximum of the window; then one column per quantile.
 */
export const VALUE_COLUMN = 0;
export const HISTOGRAM_COLUMNS = { SUM: 0, COUNTS: 1 } as const;
export const SUMMARY_COLUMNS = {
  COUNT: 0,
  SUM: 1,
  WINDOW_COUNT: 2,
  WINDOW_SUM: 3,
  MIN: 4,
  MAX: 5,
  QUANTILES: 6,
} as const;

/**
 * A column that is never NaN where there is a series: of one that was removed, and not recorded since, all columns of a
 * snapshot are NaN. (A gauge to which threads added both infinities is no number either, and is not shown.)
 */
export const presenceColumn = (type: Definition['type']): number =>
  type === 'histogram' ? HISTOGRAM_COLUMNS.COUNTS : VALUE_COLUMN;

export function columnCount(definition: Definition): number {
  if (definition.type === 'histogram') return HISTOGRAM_COLUMNS.COUNTS + definition.buckets.length + 1;
  return definition.type === 'summary' ? SUMMARY_COLUMNS.QUANTILES + definition.quantiles.length : 1;
}
