import { allMatchers, type Selector } from './ast';
import { Block, type Grid } from './block';
import type { Budget } from './budget';
import type { SampleSeries, SampleSource } from './types';
import { type Bounds, endsOf, firstAt, lastOf, type Ranges, withoutStale } from './windows';

/** Where an evaluation reads samples. */
export interface Reading {
  readonly source: SampleSource;
  readonly bounds: Bounds;
  /** Milliseconds for which a sample counts. */
  readonly lookback: number;
  readonly budget: Budget;
}

/** The samples of a range vector selector. */
export function selectRanges(node: Selector, grid: Grid, { source, bounds, budget }: Reading): Ranges {
  const ends = endsOf(node, grid, bounds);
  const range = node.range!;
  const series = source.select(allMatchers(node), ends.first - range, lastOf(ends, grid));
  let held = 0;
  for (const { times } of series) held += times.length;
  budget.hold(held);
  return { lines: series.map(withoutStale).filter(({ times }) => times.length > 0), range, ends, held };
}

/**
 * The values of an instant vector selector: at each step the last sample, if it is not older than the lookback and no end
 * of the series. With `wantsTimes` the sample's time in seconds instead.
 */
export async function selectInstants(
  node: Selector,
  grid: Grid,
  { source, bounds, budget, lookback }: Reading,
  wantsTimes = false,
): Promise<Block> {
  const ends = endsOf(node, grid, bounds);
  const last = lastOf(ends, grid);
  const latest = ends.first === last;
  const all = grid.count === 0 ? [] : source.select(allMatchers(node), ends.first - lookback, last, { latest });
  const series = all.filter(({ times }) => times.length > 0);
  const labels = series.map(({ labels }) => labels);
  const block = Block.of(labels, grid.count, budget);
  for (let index = 0; index < series.length; index++) {
    const { times } = series[index];
    budget.hold(times.length);
    walk(series[index], index * grid.count, block, { grid, ends, lookback, wantsTimes });
    budget.release(times.length);
    if (budget.spend(times.length + grid.count)) await budget.turn();
  }
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
