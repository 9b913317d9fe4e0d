/** Points of one series: `times` in milliseconds, ascending; those before index `first` do not exist. */
export interface TimedValues {
  times: Float64Array;
  values: Float64Array;
  first: number;
}

/** Extrapolation reaches the end of a range if the gap is at most this many average distances of points. */
const LONGEST_GAP = 1.1;

/**
 * By how much a counter grew between two moments, as Prometheus' `increase()` tells it (2.x: both ends inclusive).
 *
 * @returns undefined with fewer than two points
 */
export function increase(points: TimedValues, from: number, to: number): number | undefined {
  const { times, values, first } = distinct(points);
  let growth = values[times.length - 1] - values[first];
  for (let index = first + 1; index < times.length; index++)
    if (values[index] < values[index - 1]) growth += values[index - 1];
  return extrapolated({ times, values, begin: first, end: times.length, from, to }, growth, true);
}

/** `increase` per second of the range: Prometheus' `rate()`. */
export function rate(points: TimedValues, from: number, to: number): number | undefined {
  const growth = increase(points, from, to);
  return growth === undefined ? undefined : growth / ((to - from) / 1000);
}

/** Points from index `begin` to before `end`, each later than the one before it, and the range that they are of. */
export interface Range {
  times: Float64Array;
  values: Float64Array;
  begin: number;
  end: number;
  /** Milliseconds. */
  from: number;
  to: number;
}

/**
 * The growth between the first and the last point, extrapolated to the ends of the range: to the end if the gap is at most
 * 1.1 times the average distance of two points, otherwise by half that distance. Of a counter, a value below the one
 * before is a reset to 0, and it is not extrapolated backwards beyond the moment at which it would have been 0.
 * Source: Prometheus documentation, "Query functions": increase(), rate(), delta(); `extrapolatedRate` of Prometheus 2.42.
 *
 * @param growth the difference of the last and the first value, and the sum of the values before each reset
 * @returns undefined with fewer than two points
 */
export function extrapolated(range: Range, growth: number, isCounter: boolean): number | undefined {
  const { times, values, begin, end, from, to } = range;
  const steps = end - begin - 1;
  if (steps < 1) return undefined;
  const sampled = (times[end - 1] - times[begin]) / 1000;
  const distance = sampled / steps;
  const extend = (gap: number): number => (gap < distance * LONGEST_GAP ? gap : distance / 2);
  let sinceFrom = (times[begin] - from) / 1000;
  if (isCounter && growth > 0 && values[begin] >= 0)
    sinceFrom = Math.min(sinceFrom, sampled * (values[begin] / growth));
  const covered = sampled + extend(sinceFrom) + extend((to - times[end - 1]) / 1000);
  return growth * (covered / sampled);
}

/** Keeps only the last of several points with the same time. */
function distinct({ times, values, first }: TimedValues): TimedValues {
  const isLast = (index: number): boolean => index >= first && times[index + 1] !== times[index];
  let count = 0;
  for (let index = first; index < times.length; index++) if (isLast(index)) count++;
  if (count === times.length - first) return { times, values, first };
  return {
    times: times.filter((_, index) => isLast(index)),
    values: values.filter((_, index) => isLast(index)),
    first: 0,
  };
}
