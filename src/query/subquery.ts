import type { Subquery } from './ast';
import type { Block, Grid } from './block';
import { type Bounds, type Ends, endsOf, lastOf, type Ranges } from './windows';

/** Milliseconds between the steps of a subquery that says none: Prometheus' `evaluation_interval`, by default. */
const SUBQUERY_STEP = 60_000;

/** When the expression of a subquery is evaluated, and which of the results count at each step of the grid around it. */
interface Steps {
  readonly grid: Grid;
  readonly ends: Ends;
}

/** The steps are multiples of the subquery's own one, whenever the grid around it begins. */
export function stepsOf(node: Subquery, around: Grid, bounds: Bounds): Steps {
  const ends = endsOf(node, around, bounds);
  const { range, step = SUBQUERY_STEP } = node;
  const start = Math.ceil((ends.first - range) / step) * step;
  const count = Math.max(0, Math.floor((lastOf(ends, around) - start) / step) + 1);
  return { grid: { start, step, count }, ends };
}

/** The results, as if they were samples. */
export function samplesOfSteps({ range }: Subquery, block: Block, { grid, ends }: Steps): Ranges {
  const { start, step, count } = grid;
  const times = Float64Array.from({ length: count }, (_, index) => start + index * step);
  const lines = block.labels.map((labels, series) => {
    const values = block.values.subarray(series * count, (series + 1) * count);
    const present = block.present.subarray(series * count, (series + 1) * count);
    if (!present.includes(0)) return { labels, times, values };
    const isThere = (_: number, index: number): boolean => present[index] === 1;
    return { labels, times: times.filter(isThere), values: values.filter(isThere) };
  });
  return { lines: lines.filter((line) => line.times.length > 0), range, ends, held: block.values.length };
}
