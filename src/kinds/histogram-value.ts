import { HISTOGRAM_COLUMNS } from './histogram-cells';

/** The present state of one series of a histogram. */
export interface HistogramValue {
  count: number;
  sum: number;
  /** Cumulative: observations up to and including each bound; the last bound is Infinity and its count is `count`. */
  buckets: { le: number; count: number }[];
}

/** Reads a histogram's columns of a snapshot, from `column` on. */
export function toHistogramValue(values: Float64Array, column: number, bounds: readonly number[]): HistogramValue {
  let count = 0;
  const buckets = [...bounds, Number.POSITIVE_INFINITY].map((le, bucket) => {
    count += values[column + HISTOGRAM_COLUMNS.COUNTS + bucket];
    return { le, count };
  });
  return { count, sum: values[column + HISTOGRAM_COLUMNS.SUM], buckets };
}

/**
 * The same as `cumulativeQuantile`, from counts that are not cumulative.
 *
 * @param counts observations per bucket, +Inf last: one more than `bounds`
 */
export function histogramQuantile(quantile: number, bounds: readonly number[], counts: ArrayLike<number>): number {
  let count = 0;
  return cumulativeQuantile(
    quantile,
    bounds,
    Float64Array.from(counts, (more) => {
      count += more;
      return count;
    }),
  );
}

/**
 * Estimates a quantile from histogram buckets as Prometheus' `histogram_quantile` does: linear interpolation within the
 * bucket; the first bucket begins at 0 if its bound is positive, otherwise its bound is the answer; a quantile in the
 * +Inf bucket gives the highest finite bound.
 * Source: Prometheus documentation, "histogram_quantile()".
 *
 * @param counts observations up to each bound, never decreasing, +Inf last: one more than `bounds`
 * @returns NaN without observations, -Infinity below 0, Infinity above 1
 */
export function cumulativeQuantile(quantile: number, bounds: readonly number[], counts: ArrayLike<number>): number {
  const total = counts[bounds.length];
  if (quantile < 0) return Number.NEGATIVE_INFINITY;
  if (quantile > 1) return Number.POSITIVE_INFINITY;
  if (Number.isNaN(quantile) || total === 0) return Number.NaN;

  const rank = quantile * total;
  let bucket = 0;
  while (bucket < bounds.length && counts[bucket] < rank) bucket++;
  if (bucket === bounds.length) return bounds.length === 0 ? Number.NaN : bounds[bounds.length - 1];
  if (bucket === 0 && bounds[0] <= 0) return bounds[0];
  const start = bucket === 0 ? 0 : bounds[bucket - 1];
  const before = bucket === 0 ? 0 : counts[bucket - 1];
  const inside = counts[bucket] - before;
  return inside === 0 ? start : start + ((bounds[bucket] - start) * (rank - before)) / inside;
}
