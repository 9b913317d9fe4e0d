import { Block } from '../block';
import type { Budget } from '../budget';
import type { Groups } from '../grouping';

/** The state of all groups at all steps. */
interface State {
  /** The result so far; for deviations, the sum of squares. */
  readonly values: Float64Array;
  readonly means: Float64Array;
  readonly counts: Float64Array;
}

/** Folds a further value into a cell; `counts` already includes it. The first value of a cell is stored directly. */
type Fold = (state: State, cell: number, value: number) => void;

function average({ values, counts }: State, cell: number, value: number): void {
  const mean = values[cell];
  const isInfinite = !Number.isFinite(mean) && !Number.isNaN(mean);
  if (isInfinite && !Number.isNaN(value) && (Number.isFinite(value) || mean > 0 === value > 0)) return;
  values[cell] = mean + (value / counts[cell] - mean / counts[cell]);
}

function deviate({ values, means, counts }: State, cell: number, value: number): void {
  const distance = value - means[cell];
  means[cell] += distance / counts[cell];
  values[cell] += distance * (value - means[cell]);
}

const FOLDS: Readonly<Record<string, Fold>> = {
  avg: average,
  count: () => {},
  group: () => {},
  max: ({ values }, cell, value) => {
    if (values[cell] < value || Number.isNaN(values[cell])) values[cell] = value;
  },
  min: ({ values }, cell, value) => {
    if (values[cell] > value || Number.isNaN(values[cell])) values[cell] = value;
  },
  stddev: deviate,
  stdvar: deviate,
  sum: ({ values }, cell, value) => {
    values[cell] += value;
  },
};

/** `sum`, `avg`, `min`, `max`, `count`, `group`, `stddev` and `stdvar`. */
export async function aggregate(operator: string, block: Block, groups: Groups, budget: Budget): Promise<Block> {
  const { steps } = block;
  const result = Block.of(groups.labels, steps, budget);
  const cells = result.values.length;
  const deviates = operator.startsWith('std');
  // counts, and means
  const scratch = deviates ? 2 * cells : cells;
  budget.hold(scratch);
  const counts = new Float64Array(cells);
  const state: State = { values: result.values, means: new Float64Array(deviates ? cells : 0), counts };
  const fold = FOLDS[operator];
  await block.eachCells((from, to, first, series) => {
    const distance = groups.of[series] * steps - first;
    for (let at = from; at < to; at++) {
      if (block.present[at] === 0) continue;
      const cell = at + distance;
      const value = block.values[at];
      counts[cell]++;
      if (result.present[cell] === 1) fold(state, cell, value);
      else if (deviates) state.means[cell] = value;
      else state.values[cell] = value;
      result.present[cell] = 1;
    }
  });
  await finish(operator, result, counts);
  block.release();
  budget.release(scratch);
  return result;
}

async function finish(operator: string, result: Block, counts: Float64Array): Promise<void> {
  const { values } = result;
  if (operator === 'count') values.set(counts);
  if (operator === 'group') values.fill(1);
  if (!operator.startsWith('std')) return;
  await result.eachCells((from, to) => {
    for (let cell = from; cell < to; cell++) {
      const variance = values[cell] / counts[cell];
      values[cell] = operator === 'stddev' ? Math.sqrt(variance) : variance;
    }
  });
}
