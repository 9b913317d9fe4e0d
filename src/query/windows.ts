import type { At, Shift } from './ast';
import type { Grid } from './block';
import type { LabelSet, SampleSeries } from './types';

/** Where a selector or a subquery looks at each step of a grid: `first`, then `advance` more at each. Milliseconds. */
export interface Ends {
  readonly first: number;
  readonly advance: number;
}

/** What `@ start()` and `@ end()` stand for, in milliseconds. */
export interface Bounds {
  readonly start: number;
  readonly end: number;
}

export function endsOf({ offset = 0, at }: Shift, grid: Grid, bounds: Bounds): Ends {
  if (at === undefined) return { first: grid.start - offset, advance: grid.step };
  return { first: timeOf(at, bounds) - offset, advance: 0 };
}

function timeOf(at: At, bounds: Bounds): number {
  return typeof at === 'number' ? at : bounds[at];
}

export function lastOf({ first, advance }: Ends, { count }: Grid): number {
  return first + advance * (count - 1);
}

/** The samples of one line, without the ends of series. */
export interface Line {
  readonly labels: LabelSet;
  readonly times: Float64Array;
  readonly values: Float64Array;
}

/** A range vector at all the steps of a grid. */
export interface Ranges {
  readonly lines: readonly Line[];
  /** Milliseconds. */
  readonly range: number;
  readonly ends: Ends;
  /** Samples that were asked for, and have to be given back. */
  readonly held: number;
}

/** The samples of one line in one range. The object is used again for the next one. */
export class Window {
  times: Float64Array = new Float64Array(0);
  values: Float64Array = new Float64Array(0);
  /** The samples are those from index `begin` to before `end`: at least one. */
  begin = 0;
  end = 0;
  /** The range, both ends included. */
  from = 0;
  to = 0;
  /** Of the step, in milliseconds. */
  time = 0;
}

/** The index of the first sample at or after a time. */
export function firstAt(times: Float64Array, time: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle] < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A series without its staleness markers. */
export function withoutStale({ labels, times, values, stale }: SampleSeries): Line {
  if (stale === undefined || !stale.includes(1)) return { labels, times, values };
  const isValue = (_: number, index: number): boolean => stale[index] === 0;
  return { labels, times: times.filter(isValue), values: values.filter(isValue) };
}
