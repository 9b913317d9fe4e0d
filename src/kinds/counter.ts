import { PAGE_MASK, PAGE_SHIFT } from '../arena/layout';
import { baselineOfSums, difference } from './baseline';
import type { Delta, Kind } from './kind';
import type { OnMerged, SeriesMerger, SeriesNumbers } from './merger';
import { hasOverflown, type ShardCells } from './shard-cells';

/** Cells: word 0 is the sum of all increments. No sequence word is needed, since reads of a single word do not tear. */
export const COUNTER = { SUM: 0, WORDS: 1 } as const;
/** The one column of counters and gauges. */
export const VALUE_COLUMN = 0;

/**
 * Largest apparent decrease of a counter, relative to its value, that rounding can explain: a thread's end changes the
 * order in which the threads' sums are added. After a larger decrease the series has begun again.
 */
const ROUNDING = 1e-9;

class CounterMerger implements SeriesMerger {
  constructor(private readonly cells: ShardCells) {}

  merge(
    out: Float64Array,
    series: SeriesNumbers,
    _definition: unknown,
    { from, to }: { from: number; to: number },
    onMerged?: OnMerged,
  ): void {
    for (const shard of this.cells.shards) {
      this.add(out, series, shard.cells, from, to);
      if (hasOverflown(shard)) this.add(out, series, shard.overflowCells, from, to);
    }
    if (onMerged === undefined) return;
    for (let index = from; index < to; index++) onMerged(index, out[series.columns[index] + VALUE_COLUMN], 0);
  }

  private add(out: Float64Array, { ids, columns }: SeriesNumbers, table: number, from: number, to: number): void {
    const { i32, f64 } = this.cells.arena;
    for (let index = from; index < to; index++) {
      const id = ids[index];
      const page = i32[table + (id >>> PAGE_SHIFT)];
      if (page !== 0) out[columns[index] + VALUE_COLUMN] += f64[page + (id & PAGE_MASK) + COUNTER.SUM];
    }
  }
}

const delta: Delta = (change, _definition, column, values, valuesBefore) => {
  const now = values[column + VALUE_COLUMN];
  const before = valuesBefore === undefined ? 0 : valuesBefore[column + VALUE_COLUMN];
  if (now >= before) change[0] = difference(now, before);
  else change[0] = before - now <= before * ROUNDING ? 0 : now;
  return change[0] !== 0;
};

/** Sums of increments that are not negative. */
export const counter: Kind = {
  type: 'counter',
  cellWords: () => COUNTER.WORDS,
  clearedWords: () => COUNTER.WORDS,
  foldingParameters: () => [],
  hasEpoch: false,
  outsideWords: () => 0,
  columnCount: () => 1,
  presenceColumn: VALUE_COLUMN,
  merger: (cells) => new CounterMerger(cells),
  seriesAtOnce: 8_192,
  baseline: baselineOfSums(() => 1),
  suffixes: [''],
  samples: () => [{ suffix: '', begin: VALUE_COLUMN, end: VALUE_COLUMN + 1, isCumulative: true }],
  sampleReader: () => readValue,
  value: (_definition, values, column) => ({ value: values[column + VALUE_COLUMN] }),
  pointType: 'sum',
  delta,
  writePoint: (writer, _definition, values, column) => writer.number(values[column + VALUE_COLUMN]),
  recordable: 'finite numbers >= 0',
  options: [],
  resolve: () => ({}),
};

/** Reads the one line of a counter or a gauge. */
export function readValue(values: Float64Array, column: number, out: Float64Array): void {
  out[0] = values[column + VALUE_COLUMN];
}
