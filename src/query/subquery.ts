import type { Subquery } from './ast';
import type { Block, Grid } from './block';
import type { Budget } from './budget';
import { type Bounds, type Ends, endsOf, type Line, lastOf, type Ranges } from './windows';

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
export async function samplesOfSteps(
  { range }: Subquery,
  block: Block,
  { grid, ends }: Steps,
  budget: Budget,
): Promise<Ranges> {
  let held = block.values.length;
  const { start, step, count } = grid;
  const times = Float64Array.from({ length: count }, (_, index) => start + index * step);
  const lines: Line[] = [];
  await block.eachSeries((from, to, series) => {
    budget.holdObject(10);
    const labels = block.labels[series];
    const values = block.values.subarray(from, to);
    const present = block.present.subarray(from, to);
    const isThere = (_: number, index: number): boolean => present[index] === 1;
    if (!present.includes(0)) lines.push({ labels, times, values });
    else if (present.includes(1)) {
      budget.hold(count);
      held += count;
      lines.push({ labels, times: times.filter(isThere), values: values.filter(isThere) });
    }
  });
  return { lines, range, ends, held };
}
