/** Points of one series: `times` in milliseconds, ascending; those before index `first` do not exist. */
export interface Points {
  times: Float64Array;
  values: Float64Array;
  first: number;
}

/** Gaps at the ends of a range are filled if they are not longer than this many average distances of points. */
const LONGEST_GAP = 1.1;

/**
 * By how much a counter grew between two moments, as Prometheus' `increase()` tells it (2.x: both ends inclusive). A
 * value below the one before is a reset to 0. The growth between the first and the last point is extrapolated to the
 * ends of the range: to the end if the gap is at most 1.1 times the average distance of two points, otherwise by half
 * that distance; and backwards not beyond the moment at which the counter would have been 0.
 * Source: Prometheus documentation, "Query functions": increase(), rate(); `extrapolatedRate` of Prometheus 2.42.
 *
 * @returns undefined with fewer than two points
 */
export function increase(points: Points, from: number, to: number): number | undefined {
  const growth = growthOf(points);
  if (growth === undefined) return undefined;
  const { times, values } = points;
  const { start, steps, value } = growth;
  const last = times.length - 1;
  const sampled = (times[last] - times[start]) / 1000;
  const distance = sampled / steps;
  const extend = (gap: number): number => (gap < distance * LONGEST_GAP ? gap : distance / 2);
  const sinceFrom = (times[start] - from) / 1000;
  const sinceZero = value > 0 && values[start] >= 0 ? sampled * (values[start] / value) : Number.POSITIVE_INFINITY;
  const covered = sampled + extend(Math.min(sinceFrom, sinceZero)) + extend((to - times[last]) / 1000);
  return value * (covered / sampled);
}

/** `increase` per second of the range: Prometheus' `rate()`. */
export function rate(points: Points, from: number, to: number): number | undefined {
  const growth = increase(points, from, to);
  return growth === undefined ? undefined : growth / ((to - from) / 1000);
}

/** The growth from the first point to the last, resets made good. Of points at one time only the last counts. */
function growthOf({ times, values, first }: Points): { start: number; steps: number; value: number } | undefined {
  let start = -1;
  let steps = -1;
  let resets = 0;
  let before = Number.NaN;
  for (let index = first; index < times.length; index++) {
    if (times[index + 1] === times[index]) continue;
    if (start === -1) start = index;
    if (values[index] < before) resets += before;
    before = values[index];
    steps++;
  }
  return steps < 1 ? undefined : { start, steps, value: values[times.length - 1] - values[start] + resets };
}
