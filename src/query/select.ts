import { allMatchers, type Selector } from './ast';
import { Block, type Grid } from './block';
import type { Budget } from './budget';
import { slicesOf } from './slices';
import type { SampleSeries, SampleSource, SelectHints } from './types';
import { type Bounds, type Ends, endsOf, firstFrom, type Line, lastOf, type Ranges, withoutStale } from './windows';

/** Where an evaluation reads samples. */
export interface SelectContext {
  readonly source: SampleSource;
  readonly bounds: Bounds;
  /** Milliseconds after which a sample is stale. */
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
  { source, budget }: SelectContext,
  hints: SelectHints = {},
): Promise<{ series: SampleSeries[]; held: number }> {
  const matchers = allMatchers(node);
  const series: SampleSeries[] = [];
  let held = 0;
  for (const slice of slicesOf(source, matchers, from, to, hints)) {
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
export async function selectRanges(node: Selector, grid: Grid, reading: SelectContext): Promise<Ranges> {
  const ends = endsOf(node, grid, reading.bounds);
  const range = node.range!;
  const { series, held } = await read(node, ends.first - range, lastOf(ends, grid), reading);
  const lines: Line[] = [];
  for (const one of series) {
    const line = await withoutStale(one, reading.budget);
    if (line.times.length > 0) lines.push(line);
    if (reading.budget.spend(WORK_OF_SERIES)) await reading.budget.turn();
  }
  return { lines, range, ends, held };
}

/**
 * The values of an instant vector selector: at each step the last sample, unless it is older than the lookback or a
 * staleness marker. With `wantsTimes`, the sample's time in seconds instead.
 */
export async function selectInstants(
  node: Selector,
  grid: Grid,
  reading: SelectContext,
  wantsTimes = false,
): Promise<Block> {
  const { budget, bounds, lookback } = reading;
  const ends = endsOf(node, grid, bounds);
  const last = lastOf(ends, grid);
  const { series, held } = await read(node, ends.first - lookback, last, reading, { latest: ends.first === last });
  const labels = await budget.map(series, ({ labels }) => labels);
  const block = Block.of(labels, grid.count, budget);
  const how = { ends, lookback, wantsTimes };
  for (let index = 0; index < series.length; index++) {
    const walk = new Walk(series[index], index * grid.count, block, how);
    for (let step = 0; step < grid.count; step += STEPS_AT_ONCE) {
      walk.fill(step, Math.min(step + STEPS_AT_ONCE, grid.count));
      if (budget.spend(Math.min(STEPS_AT_ONCE, grid.count) + WORK_OF_SERIES)) await budget.turn();
    }
  }
  budget.release(held);
  return block;
}

/** Steps of one series that are filled in one go. */
const STEPS_AT_ONCE = 8_192;
/** Work of beginning with a series. */
const WORK_OF_SERIES = 10;

interface How {
  readonly ends: Ends;
  readonly lookback: number;
  readonly wantsTimes: boolean;
}

/** Fills the cells of one series, step by step. */
class Walk {
  private next = 0;

  constructor(
    private readonly series: SampleSeries,
    private readonly at: number,
    private readonly block: Block,
    private readonly how: How,
  ) {}

  fill(from: number, to: number): void {
    const { times, values, stale } = this.series;
    const { ends, lookback, wantsTimes } = this.how;
    const { block, at } = this;
    for (let step = from; step < to; step++) {
      const time = ends.first + step * ends.advance;
      this.next = firstFrom(times, time, this.next, true);
      const sample = this.next - 1;
      if (sample < 0 || times[sample] < time - lookback || (stale !== undefined && stale[sample] === 1)) continue;
      block.values[at + step] = wantsTimes ? times[sample] / 1_000 : values[sample];
      block.present[at + step] = 1;
    }
  }
}
