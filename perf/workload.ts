/** What every contender is made to record: the same values, labels and numbers of records. */

/**
 * Records in one timed burst. Two bursts follow each other without a pause: together they are half of ringmeter's default
 * ring, so none of them is folded in place.
 */
export const BURST = 16_384;

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

export const LABEL_NAMES = ['method', 'status', 'route'] as const;
export type RequestLabels = { method: string; status: string; route: string };

const METHODS = ['GET', 'POST', 'PUT', 'DELETE'];
const STATUSES = ['200', '201', '404', '500'];
/** As many as the largest number of series needs. */
const ROUTES = Array.from({ length: 62_500 }, (_, i) => `/api/v1/resource-${i}/:id`);

export const MOST_SERIES = METHODS.length * STATUSES.length * ROUTES.length;

/** The label object that a caller makes for a record of the series with this number, from 0 to MOST_SERIES - 1. */
export function labelsOf(series: number): RequestLabels {
  return { method: METHODS[series & 3], status: STATUSES[(series >> 2) & 3], route: ROUTES[series >> 4] };
}

/** Every series once. */
export function everySeries(count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, series) => series);
}

/** How many bursts go by before the same series are touched again. */
const SEGMENTS = 8;

/** The series that the records of a burst go to, at random, and others in the next. The same in every process. */
export class Order {
  private readonly all: Int32Array;
  private segment = 0;

  constructor(readonly series: number) {
    const next = randomBelow(series, 12_345);
    this.all = Int32Array.from({ length: SEGMENTS * BURST }, next);
  }

  get now(): Int32Array {
    return this.all.subarray(this.segment * BURST, (this.segment + 1) * BURST);
  }

  moveOn(): void {
    this.segment = (this.segment + 1) % SEGMENTS;
  }
}

/** Integers from 0 to `limit` - 1, by a linear congruential generator. */
export function randomBelow(limit: number, seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return Math.floor(((state >>> 0) / 2 ** 32) * limit);
  };
}
