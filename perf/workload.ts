/** What every contender is made to record: the same values, labels and numbers of records. */

/**
 * Records in one timed burst. Two bursts follow each other without a pause: together they are half of ringmeter's default
 * ring, so none of them is folded in place.
 */
export const BURST = 16_384;

/** Series that bound handles and label objects are spread over, so that nothing can be hoisted out of a loop. */
export const SERIES = 8;
export const SERIES_MASK = SERIES - 1;

const VALUE_COUNT = 1024;
/** `values[i & VALUE_MASK]` is the i-th value of every burst. */
export const VALUE_MASK = VALUE_COUNT - 1;

/**
 * Durations from 4 ms to 12 s, evenly spread over the orders of magnitude, in an order without a pattern. Multiples of
 * 1/1024, so that their sums are exact however they are added up.
 */
export const values = Float64Array.from({ length: VALUE_COUNT }, (_, i) => {
  const share = ((i * 619) & VALUE_MASK) / VALUE_COUNT;
  return Math.round(4 * 3000 ** share) / 1024;
});

/** The 11 buckets that the field has for seconds. */
export const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export const LABEL_NAMES = ['method', 'route', 'status'] as const;
export type RequestLabels = { method: string; route: string; status: string };

const METHODS = ['GET', 'POST'];
const ROUTES = ['/orders/:id', '/customers'];
const STATUSES = ['200', '404'];

/** The label object that a caller makes for its i-th record: one of SERIES label sets. */
export function labelsOf(i: number): RequestLabels {
  return { method: METHODS[i & 1], route: ROUTES[(i >> 1) & 1], status: STATUSES[(i >> 2) & 1] };
}

/** The first SERIES label sets, for handles that are resolved once. */
export const labelSets: readonly RequestLabels[] = Array.from({ length: SERIES }, (_, i) => labelsOf(i));

/** Sum of the first `count` values of a burst. */
export function sumOfValues(count: number): number {
  const wholeRounds = Math.floor(count / VALUE_COUNT) * values.reduce((sum, value) => sum + value, 0);
  return values.subarray(0, count & VALUE_MASK).reduce((sum, value) => sum + value, wholeRounds);
}
