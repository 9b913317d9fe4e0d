import { Block, type Column, type Grid, unname } from '../block';
import type { Budget } from '../budget';
import { unanswerable } from '../failure';
import { Numbers } from '../grouping';
import { keyOf } from '../labels';
import type { Memory } from '../memory';
import { quantileSlowly } from '../quantile-slowly';
import { type Ranges, type Window, WindowCursor } from '../windows';
import { OVER_TIME, type RangeFunction } from './over-time';
import { RATES } from './rates';

/** The functions that turn each series of a range vector into one series. */
export const RANGE_FUNCTIONS: Readonly<Record<string, () => RangeFunction>> = { ...OVER_TIME, ...RATES };

/** Samples of a range that a function gets in one go. */
const AT_ONCE = 10_000;

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
  const apply = name === 'quantile_over_time' ? quantileOver(budget) : applying(RANGE_FUNCTIONS[name](), budget);
  const [a, b] = parameters;
  const cursor = new WindowCursor(ranges, grid);
  const { window } = cursor;
  for (let index = 0, cell = 0; index < lines.length; index++) {
    cursor.open(lines[index]);
    for (let step = 0; step < grid.count; step++, cell++) {
      cursor.moveTo(step);
      if (budget.spend(Math.min(window.end - window.begin, AT_ONCE) + 5)) await budget.turn();
      if (window.begin === window.end) continue;
      if (a !== undefined) window.a = a[step];
      if (b !== undefined) window.b = b[step];
      let value = apply(window);
      if (typeof value === 'object') value = await value;
      if (value === undefined) continue;
      block.values[cell] = value;
      block.present[cell] = 1;
    }
  }
  if (!keepsName && !isOneMetric) await checkDistinct(block, budget);
  return block;
}

type Apply = (window: Window) => number | undefined | Promise<number | undefined>;

/** Lets the event loop turn in a range that has many samples. */
function applying(one: RangeFunction, budget: Budget): Apply {
  const slowly = async (window: Window): Promise<number | undefined> => {
    one.begin(window);
    for (let from = window.begin; from < window.end; from += AT_ONCE) {
      one.add(window, from, Math.min(from + AT_ONCE, window.end));
      if (budget.spend(AT_ONCE)) await budget.turn();
    }
    return one.end(window);
  };
  return (window) => {
    if (window.end - window.begin > AT_ONCE) return slowly(window);
    one.begin(window);
    one.add(window, window.begin, window.end);
    return one.end(window);
  };
}

/** Sorts a copy of the values. */
function quantileOver(budget: Budget): Apply {
  const few = RANGE_FUNCTIONS.quantile_over_time();
  const slowly = async ({ values, begin, end, a }: Window): Promise<number> => {
    budget.hold(end - begin);
    const quantile = await quantileSlowly(a, values.slice(begin, end), budget);
    budget.release(end - begin);
    return quantile;
  };
  return (window) => (window.end - window.begin > AT_ONCE ? slowly(window) : few.end(window));
}

/** Per step, whether any line has a sample in the step's window. */
export async function presentAt(ranges: Ranges, grid: Grid, budget: Budget): Promise<Uint8Array> {
  budget.hold(grid.count);
  const present = new Uint8Array(grid.count);
  const cursor = new WindowCursor(ranges, grid);
  for (const line of ranges.lines) {
    cursor.open(line);
    const visit = (step: number): void => {
      cursor.moveTo(step);
      if (cursor.window.begin < cursor.window.end) present[step] = 1;
    };
    await budget.each(grid.count, visit, 5);
  }
  return present;
}

/** Stricter than for other functions: two series with the same labels are an error even at different steps. */
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
