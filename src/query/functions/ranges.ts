import { Block, type Column, type Grid, unname } from '../block';
import type { Budget } from '../budget';
import { unanswerable } from '../failure';
import { Numbers } from '../grouping';
import { keyOf } from '../labels';
import type { Memory } from '../memory';
import { quantileSlowly } from '../quantile-slowly';
import { firstAt, type Line, type Ranges, Window } from '../windows';
import { OVER_TIME, type RangeFunction } from './over-time';
import { RATES } from './rates';

/** The functions of a range that give a series for each one. */
export const RANGE_FUNCTIONS: Readonly<Record<string, RangeFunction>> = { ...OVER_TIME, ...RATES };

/** Values of a window that are sorted in one go. */
const LONGEST_SORT = 20_000;

/** Applies a function of ranges at all steps. */
export async function overRanges(
  name: string,
  ranges: Ranges,
  parameters: readonly Column[],
  grid: Grid,
  budget: Budget,
  memory: Memory,
): Promise<Block> {
  const { lines } = ranges;
  const keepsName = name === 'last_over_time';
  const named = await budget.map(lines, (line) => line.labels);
  const { labels, isOneMetric } = await memory.of(named, budget, (all) => unname(all, budget));
  const block = Block.of(keepsName ? named : labels, grid.count, budget);
  const apply = RANGE_FUNCTIONS[name];
  const sorts = name === 'quantile_over_time';
  const [a, b] = parameters;
  for (let index = 0; index < lines.length; index++) {
    const at = index * grid.count;
    let pending: Float64Array | undefined;
    let pendingAt = 0;
    const visit = (window: Window, step: number): boolean => {
      if (sorts && window.end - window.begin > LONGEST_SORT) {
        pending = window.values.slice(window.begin, window.end);
        pendingAt = step;
        return true;
      }
      const value = apply(window, a === undefined ? 0 : a[step], b === undefined ? 0 : b[step]);
      if (value !== undefined) {
        block.values[at + step] = value;
        block.present[at + step] = 1;
      }
      return budget.spend(window.end - window.begin);
    };
    for (let step = 0; step < grid.count; ) {
      step = eachWindow(lines[index], ranges, grid, visit, step);
      if (pending !== undefined) {
        block.values[at + pendingAt] = await quantileSlowly(a[pendingAt], pending, budget);
        block.present[at + pendingAt] = 1;
        pending = undefined;
      } else if (step < grid.count) await budget.turn();
    }
    if (budget.spend(lines[index].times.length + grid.count)) await budget.turn();
  }
  if (!keepsName && !isOneMetric) await checkDistinct(block, budget);
  return block;
}

/** Whether some line has a sample in the window of each step. */
export async function presentAt({ lines, ...ranges }: Ranges, grid: Grid, budget: Budget): Promise<Uint8Array> {
  budget.hold(grid.count);
  const present = new Uint8Array(grid.count);
  for (const line of lines) {
    eachWindow(line, { lines, ...ranges }, grid, (_, step) => {
      present[step] = 1;
      return false;
    });
    if (budget.spend(line.times.length + grid.count)) await budget.turn();
  }
  return present;
}

const window = new Window();

/**
 * Visits the steps at which there are samples in the range, from one of them on, until a visit says that it is enough.
 *
 * @returns the step to go on with
 */
function eachWindow(
  { times, values }: Line,
  { range, ends }: Ranges,
  grid: Grid,
  visit: (window: Window, step: number) => boolean,
  first = 0,
): number {
  window.times = times;
  window.values = values;
  let begin = firstAt(times, ends.first + first * ends.advance - range);
  let end = begin;
  for (let step = first; step < grid.count; step++) {
    const to = ends.first + step * ends.advance;
    while (end < times.length && times[end] <= to) end++;
    while (begin < end && times[begin] < to - range) begin++;
    if (begin === end) continue;
    window.begin = begin;
    window.end = end;
    window.from = to - range;
    window.to = to;
    window.time = grid.start + step * grid.step;
    if (visit(window, step)) return step + 1;
  }
  return grid.count;
}

/** Other than with other functions, not even at different steps may two series have the same labels. */
async function checkDistinct(block: Block, budget: Budget): Promise<void> {
  const { labels } = block;
  const keys = new Numbers(budget);
  await budget.each(labels.length, (series) => {
    if (!block.hasCells(series)) return;
    keys.charge(labels[series]);
    if (keys.of(keyOf(labels[series]), series) !== series)
      throw unanswerable('a vector cannot contain several series with the same labels');
  });
  keys.release();
}
