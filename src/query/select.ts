import { allMatchers, type Selector } from './ast';
import { Block, type Grid } from './block';
import type { Budget } from './budget';
import type { SampleSeries, SampleSource, SelectHints } from './types';
import { type Bounds, endsOf, firstAt, type Line, lastOf, type Ranges, withoutStale } from './windows';

/** Where an evaluation reads samples. */
export interface Reading {
  readonly source: SampleSource;
  readonly bounds: Bounds;
  /** Milliseconds for which a sample counts. */
  readonly lookback: number;
  readonly budget: Budget;
}

/** Entries of an object of a series, and of its arrays. */
const SERIES_ENTRIES = 5;

/** The series of a selector that have samples, and how many samples are held for them. */
async function read(
  node: Selector,
  from: number,
  to: number,
  { source, budget }: Reading,
  hints: SelectHints = {},
): Promise<{ series: SampleSeries[]; held: number }> {
  const matchers = allMatchers(node);
  const series: SampleSeries[] = [];
  let held = 0;
  for (const slice of source.slices?.(matchers, from, to, hints) ?? [source.select(matchers, from, to, hints)]) {
    let samples = 0;
    for (const one of slice) {
      samples += one.times.length;
      if (one.times.length === 0) continue;
      budget.holdObject(SERIES_ENTRIES);
      series.push(one);
    }
    budget.hold(samples);
    held += samples;
    if (budget.isLong) await budget.turn();
  }
  return { series, held };
}

/** The samples of a range vector selector. */
export async function selectRanges(node: Selector, grid: Grid, reading: Reading): Promise<Ranges> {
  const ends = endsOf(node, grid, reading.bounds);
  const range = node.range!;
  const { series, held } = await read(node, ends.first - range, lastOf(ends, grid), reading);
  const lines: Line[] = [];
  for (const one of series) {
    const line = await withoutStale(one, reading.budget);
    if (line.times.length > 0) lines.push(line);
    if (reading.budget.spend(one.times.length + 10)) await reading.budget.turn();
  }
  return { lines, range, ends, held };
}

/**
 * The values of an instant vector selector: at each step the last sample, if it is not older than the lookback and no end
 * of the series. With `wantsTimes` the sample's time in seconds instead.
 */
export async function selectInstants(node: Selector, grid: Grid, reading: Reading, wantsTimes = false): Promise<Block> {
  const { budget, bounds, lookback } = reading;
  const ends = endsOf(node, grid, bounds);
  const last = lastOf(ends, grid);
  const { series, held } = await read(node, ends.first - lookback, last, reading, { latest: ends.first === last });
  const labels = await budget.map(series, ({ labels }) => labels);
  const block = Block.of(labels, grid.count, budget);
  for (let index = 0; index < series.length; index++) {
    walk(series[index], index * grid.count, block, { grid, ends, lookback, wantsTimes });
    if (budget.spend(series[index].times.length + grid.count)) await budget.turn();
  }
  budget.release(held);
  return block;
}

interface Walk {
  grid: Grid;
  ends: { first: number; advance: number };
  lookback: number;
  wantsTimes: boolean;
}

function walk({ times, values, stale }: SampleSeries, at: number, block: Block, how: Walk): void {
  const { grid, ends, lookback, wantsTimes } = how;
  let next = firstAt(times, ends.first);
  for (let step = 0; step < grid.count; step++) {
    const time = ends.first + step * ends.advance;
    while (next < times.length && times[next] <= time) next++;
    const sample = next - 1;
    if (sample < 0 || times[sample] < time - lookback || (stale !== undefined && stale[sample] === 1)) continue;
    block.values[at + step] = wantsTimes ? times[sample] / 1_000 : values[sample];
    block.present[at + step] = 1;
  }
}
