import type { SampleSeries } from './types';

/** Whether a series has a sample that is no staleness marker. */
export function hasSample({ times, stale }: SampleSeries): boolean {
  return stale === undefined ? times.length > 0 : stale.includes(0);
}

/** Whether the last sample of a series is no staleness marker: the series has not ended. */
export function lasts({ times, stale }: SampleSeries): boolean {
  return times.length > 0 && stale?.[times.length - 1] !== 1;
}
