import type { Subquery } from './ast';
import type { Block, Grid } from './block';
import type { Budget } from './budget';
import { type Bounds, type Ends, endsOf, kept, type Line, lastOf, type Ranges } from './windows';

/** Default step of a subquery in milliseconds: the default of Prometheus' `evaluation_interval`. */
const SUBQUERY_STEP = 60_000;

/** Work of making a line of one series, and cells that are searched for a missing one in one step of work. */
const WORK_OF_LINE = 50;
const CELLS_OF_WORK = 16;

/** The steps of a subquery, and which of them lie in its range at each step of the outer grid. */
interface Steps {
  readonly grid: Grid;
  readonly ends: Ends;
}

/** Steps are aligned to multiples of the subquery's step, independent of the start of the outer grid. */
export function stepsOf(node: Subquery, around: Grid, bounds: Bounds): Steps {
  const ends = endsOf(node, around, bounds);
  const { range, step = SUBQUERY_STEP } = node;
  const start = Math.ceil((ends.first - range) / step) * step;
  const count = Math.max(0, Math.floor((lastOf(ends, around) - start) / step) + 1);
  return { grid: { start, step, count }, ends };
}

/** The results of the steps as samples. */
export async function samplesOfSteps(
  { range }: Subquery,
  block: Block,
  { grid, ends }: Steps,
  budget: Budget,
): Promise<Ranges> {
  let held = block.values.length;
  const { start, step, count } = grid;
  const times = new Float64Array(count);
  const visit = (index: number): void => {
    times[index] = start + index * step;
  };
  await budget.each(count, visit, 1);
  const lines: Line[] = [];
  for (let series = 0, from = 0; series < block.count; series++, from += count) {
    budget.holdObject(10);
    const present = block.present.subarray(from, from + count);
    const line = { labels: block.labels[series], times, values: block.values.subarray(from, from + count) };
    if (!present.includes(0)) lines.push(line);
    else if (present.includes(1)) {
      budget.hold(count);
      held += count;
      lines.push(await kept(line, present, budget));
    }
    if (budget.spend(count / CELLS_OF_WORK + WORK_OF_LINE)) await budget.turn();
  }
  return { lines, range, ends, held };
}
