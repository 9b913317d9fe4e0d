import type { At, Shift } from './ast';
import type { Grid } from './block';
import type { Budget } from './budget';
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
  /** Samples that are charged to the budget, and must be returned to it. */
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
  /** The parameters of the function at the step. */
  a = 0;
  b = 0;
}

/** Moves a window over the ranges of one line after the other. */
export class WindowCursor {
  readonly window = new Window();

  constructor(
    private readonly ranges: Ranges,
    private readonly grid: Grid,
  ) {}

  open({ times, values }: Line): void {
    Object.assign(this.window, { times, values, begin: 0, end: 0 });
  }

  /** Moves to a later step. The window is empty if its range has no samples. */
  moveTo(step: number): void {
    const { window, grid } = this;
    const { range, ends } = this.ranges;
    window.to = ends.first + step * ends.advance;
    window.from = window.to - range;
    window.time = grid.start + step * grid.step;
    window.begin = firstFrom(window.times, window.from, window.begin, false);
    window.end = Math.max(window.begin, firstFrom(window.times, window.to, window.end, true));
  }
}

/** Samples that are searched linearly before the binary search begins. */
const NEAR = 16;

/** The first sample from index `from` on at or after a time, or with `after` strictly after it. */
export function firstFrom(times: Float64Array, time: number, from: number, after: boolean): number {
  const near = Math.min(from + NEAR, times.length);
  let at = from;
  while (at < near && (times[at] < time || (after && times[at] === time))) at++;
  if (at < near || at === times.length) return at;
  at = firstAt(times, time, at);
  while (after && at < times.length && times[at] === time) at++;
  return at;
}

/** The index of the first sample at or after a time. */
export function firstAt(times: ArrayLike<number>, time: number, from = 0): number {
  let low = from;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle] < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Those samples of which `keeps` is 1. */
export async function kept({ labels, times, values }: Line, keeps: Uint8Array, budget: Budget): Promise<Line> {
  let count = 0;
  const { length } = times;
  await budget.each(length, (index) => (count += keeps[index]), 1);
  const line = { labels, times: new Float64Array(count), values: new Float64Array(count) };
  let next = 0;
  const visit = (index: number): void => {
    if (keeps[index] === 0) return;
    line.times[next] = times[index];
    line.values[next++] = values[index];
  };
  await budget.each(length, visit, 1);
  return line;
}

/** A series without its staleness markers. */
export async function withoutStale(series: SampleSeries, budget: Budget): Promise<Line> {
  const { labels, times, values, stale } = series;
  if (stale === undefined || !stale.includes(1)) return { labels, times, values };
  return kept(
    series,
    stale.map((one) => 1 - one),
    budget,
  );
}
