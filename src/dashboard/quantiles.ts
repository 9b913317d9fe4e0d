import { finiteOrNull } from '../common/format-float';
import { parseDecimal } from '../common/parse-float';
import { cumulativeQuantile } from '../kinds/histogram-value';

const QUANTILES = { p50: 0.5, p95: 0.95, p99: 0.99 } as const;

export type Quantiles = Record<keyof typeof QUANTILES, number | null>;

/** Cumulative counts by upper bound, as in the label `le`. */
export type Buckets = Readonly<Record<string, number | null>>;

/** The quantiles of a column of the heat map: equal to `histogram_quantile`, but without another evaluation. */
export function quantilesOf(buckets: Buckets): Quantiles {
  const known = Object.entries(buckets).map(([bound, count]) => ({ bound: parseDecimal(bound)!, count: count ?? 0 }));
  known.sort((one, other) => one.bound - other.bound);
  const isWhole = known.at(-1)?.bound === Number.POSITIVE_INFINITY;
  const bounds = known.map(({ bound }) => bound).slice(0, -1);
  let most = 0;
  // rates of buckets that began at different times may decrease
  const counts = known.map(({ count }) => {
    most = Math.max(most, count);
    return most;
  });
  const entries = Object.entries(QUANTILES).map(([name, share]) => [
    name,
    isWhole ? finiteOrNull(cumulativeQuantile(share, bounds, counts)) : null,
  ]);
  return Object.fromEntries(entries);
}
