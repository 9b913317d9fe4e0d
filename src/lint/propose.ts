import { histogramQuantile } from '../kinds/histogram-value';
import type { Observed } from './histograms';

/** Preferred numbers: the digits of the bounds in each decade, from fine to coarse. */
const DIGITS: readonly (readonly number[])[] = [
  [1, 1.2, 1.5, 1.8, 2.2, 2.7, 3.3, 3.9, 4.7, 5.6, 6.8, 8.2],
  [1, 1.5, 2, 3, 5, 7],
  [1, 2.5, 5],
  [1],
];
/** Most proposed bounds, unless the values span too many decades. */
const MOST_BOUNDS = 14;
/** Quantiles that the lowest and the highest bound should cover. */
const [LOW, HIGH] = [0.05, 0.999];
/** Steps of a layout for values on both sides of 0. */
const STEPS = 10;

/**
 * Proposes bounds for the observed values, at a constant ratio from the 5 % quantile to the 99.9 % quantile. Assumes
 * that values are uniformly distributed within a bucket, and around their mean beyond the highest bound.
 *
 * @returns undefined if there is no sensible proposal
 */
export function proposeBuckets(observed: Observed): number[] | undefined {
  const { bounds, counts, count } = observed;
  if (count === 0 || bounds.length === 0) return undefined;
  const high = highest(observed);
  if (bounds.some((bound, bucket) => bound <= 0 && counts[bucket] > 0))
    return linear(histogramQuantile(1 - HIGH, bounds, counts), high);
  const low = Math.min(lowest(observed), high / 2);
  return low > 0 && Number.isFinite(high) ? geometric(low, high) : undefined;
}

/** An estimate of the largest value. */
function highest({ bounds, counts, count, sum }: Observed): number {
  const beyond = counts[bounds.length];
  if (beyond <= count * (1 - HIGH)) return histogramQuantile(HIGH, bounds, counts);
  const below = bounds.reduce(
    (all, bound, bucket) => all + (counts[bucket] * (bound + startOf(bounds, bucket))) / 2,
    0,
  );
  const mean = (sum - below) / beyond;
  const top = bounds[bounds.length - 1];
  // four times the mean of the values beyond the highest bound, as a margin
  return Math.max(mean > top ? mean * 4 : top * 4, top);
}

/** The lower bound of a bucket; that of the first is 0 unless its upper bound is negative. */
function startOf(bounds: readonly number[], bucket: number): number {
  return bucket === 0 ? Math.min(0, bounds[0]) : bounds[bucket - 1];
}

/** An estimate of the smallest value. The position within the first bucket is unknown; the mean gives a hint. */
function lowest({ bounds, counts, count, sum }: Observed): number {
  const low = histogramQuantile(LOW, bounds, counts);
  const mean = sum / count;
  return low <= bounds[0] && mean > 0 ? Math.min(low, mean / 5) : low;
}

function geometric(low: number, high: number): number[] {
  const layouts = DIGITS.map((digits) => between(digits, low, high));
  return layouts.find(({ length }) => length <= MOST_BOUNDS) ?? layouts[layouts.length - 1];
}

/** The preferred numbers from the last one <= `low` to the first one >= `high`. */
function between(digits: readonly number[], low: number, high: number): number[] {
  const numbers: number[] = [];
  for (let decade = Math.floor(Math.log10(low)); ; decade++)
    for (const digit of digits) {
      const number = Number(`${digit}e${decade}`);
      if (number <= low) numbers.length = 0;
      numbers.push(number);
      if (number >= high) return numbers;
    }
}

function linear(low: number, high: number): number[] | undefined {
  if (!(high > low)) return undefined;
  const step = between(DIGITS[2], (high - low) / STEPS, (high - low) / STEPS).at(-1)!;
  const first = Math.floor(low / step);
  return Array.from({ length: Math.ceil(high / step) - first + 1 }, (_, index) =>
    Number(((first + index) * step).toPrecision(12)),
  );
}
