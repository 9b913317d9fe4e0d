import type { Arena } from '../arena/arena';
import { high, int, RECORD } from '../arena/layout';
import { formatNumber } from '../common/format-float';
import { baselineOfSums } from './baseline';
import { checkBuckets, DEFAULT_BUCKETS } from './buckets';
import type { Definition } from './definition';
import { HISTOGRAM, HISTOGRAM_COLUMNS } from './histogram-cells';
import { toHistogramValue } from './histogram-value';
import type { Delta, Kind } from './kind';
import type { OnMerged, SeriesMerger, SeriesNumbers } from './merger';
import type { Sample, SampleReader } from './sample';
import { hasOverflown, type ShardCells } from './shard-cells';

const cellWords = ({ buckets }: Definition): number => HISTOGRAM.COUNTS + buckets.length + 1;
const columnCount = ({ buckets }: Definition): number => HISTOGRAM_COLUMNS.COUNTS + buckets.length + 1;

/**
 * Adds an observation to its bucket and to the sum. See `fold`.
 *
 * @param family pointer to the family's record, which has the bounds
 */
export function foldObservation(
  arena: Arena,
  cell: number,
  family: number,
  value: number,
  progress: number,
  done: number,
  isShared: boolean,
): boolean {
  const { i32, f64 } = arena;
  const bounds = family + RECORD.SPEC;
  let low = 0;
  let top = i32[high(family + RECORD.FAMILY_SIZES)];
  while (low < top) {
    const middle = (low + top) >>> 1;
    if (value <= f64[bounds + middle]) top = middle;
    else low = middle + 1;
  }
  const sequence = int(cell);
  const version = i32[sequence] | 1;
  if (isShared) Atomics.exchange(i32, sequence, version);
  else i32[sequence] = version;
  f64[cell + HISTOGRAM.COUNTS + low] += 1;
  f64[cell + HISTOGRAM.SUM] += value;
  if (isShared) Atomics.store(i32, sequence, (version + 1) | 0);
  else i32[sequence] = (version + 1) | 0;
  f64[progress] = done;
  return true;
}

class HistogramMerger implements SeriesMerger {
  constructor(private readonly cells: ShardCells) {}

  merge(
    out: Float64Array,
    series: SeriesNumbers,
    { buckets }: Definition,
    { from, to }: { from: number; to: number },
    onMerged?: OnMerged,
  ): void {
    const counts = buckets.length + 1;
    this.add(out, series, counts, from, to);
    if (onMerged === undefined) return;
    for (let index = from; index < to; index++) {
      const first = series.columns[index] + HISTOGRAM_COLUMNS.COUNTS;
      let count = 0;
      for (let column = first; column < first + counts; column++) count += out[column];
      onMerged(index, count, 0);
    }
  }

  private add(out: Float64Array, { ids, columns }: SeriesNumbers, counts: number, from: number, to: number): void {
    const { cells } = this;
    const { f64 } = cells.arena;
    for (let number = 0; number < cells.shards.length; number++) {
      const shard = cells.shards[number];
      const overflown = hasOverflown(shard);
      for (let index = from; index < to; index++) {
        const cell = cells.find(shard.cells, ids[index]);
        if (cell !== 0 && cells.isStillAt(number)) addCells(out, columns[index], f64, cell, counts);
        else if (cell !== 0) this.addMoving(out, columns[index], cell, counts);
        const overflow = overflown ? cells.find(shard.overflowCells, ids[index]) : 0;
        if (overflow !== 0) this.addMoving(out, columns[index], overflow, counts);
      }
    }
  }

  private addMoving(out: Float64Array, column: number, cell: number, counts: number): void {
    this.cells.copy(cell, HISTOGRAM.COUNTS + counts);
    addCells(out, column, this.cells.copiedF64, 0, counts);
  }
}

function addCells(out: Float64Array, column: number, f64: Float64Array, cell: number, counts: number): void {
  out[column + HISTOGRAM_COLUMNS.SUM] += f64[cell + HISTOGRAM.SUM];
  const into = column + HISTOGRAM_COLUMNS.COUNTS;
  const from = cell + HISTOGRAM.COUNTS;
  for (let bucket = 0; bucket < counts; bucket++) out[into + bucket] += f64[from + bucket];
}

function samples({ buckets }: Definition): Sample[] {
  const begin = HISTOGRAM_COLUMNS.COUNTS;
  return [
    ...[...buckets, Number.POSITIVE_INFINITY].map((bound, bucket) => ({
      suffix: '_bucket',
      label: ['le', formatNumber(bound)] as const,
      begin,
      end: begin + bucket + 1,
      isCumulative: true,
    })),
    { suffix: '_sum', begin: HISTOGRAM_COLUMNS.SUM, end: HISTOGRAM_COLUMNS.SUM + 1, isCumulative: true },
    { suffix: '_count', begin, end: begin + buckets.length + 1, isCumulative: true },
  ];
}

function sampleReader({ buckets: { length: bounds } }: Definition): SampleReader {
  return (values, column, out) => {
    let count = 0;
    for (let bucket = 0; bucket <= bounds; bucket++) {
      count += values[column + HISTOGRAM_COLUMNS.COUNTS + bucket];
      out[bucket] = count;
    }
    out[bounds + 1] = values[column + HISTOGRAM_COLUMNS.SUM];
    out[bounds + 2] = count;
  };
}

const delta: Delta = (change, definition, column, now, before) => {
  const width = columnCount(definition);
  let hasGoneBack = false;
  for (let offset = 0; offset < width; offset++) {
    change[offset] = now[column + offset] - (before === undefined ? 0 : before[column + offset]);
    if (offset >= HISTOGRAM_COLUMNS.COUNTS) hasGoneBack ||= change[offset] < 0;
  }
  if (hasGoneBack) change.set(now.subarray(column, column + width));
  for (let bucket = HISTOGRAM_COLUMNS.COUNTS; bucket < width; bucket++) if (change[bucket] !== 0) return true;
  return false;
};

/** Observations counted in buckets with fixed bounds. */
export const histogram: Kind = {
  type: 'histogram',
  cellWords,
  clearedWords: cellWords,
  foldingParameters: ({ buckets }) => buckets,
  hasEpoch: false,
  outsideWords: () => 0,
  columnCount,
  presenceColumn: HISTOGRAM_COLUMNS.COUNTS,
  merger: (cells) => new HistogramMerger(cells),
  seriesAtOnce: 8_192,
  baseline: baselineOfSums(columnCount),
  suffixes: ['_bucket', '_sum', '_count'],
  reservedLabel: 'le',
  samples,
  sampleReader,
  value(definition, values, column) {
    const { count, sum, buckets } = toHistogramValue(values, column, definition.buckets);
    return { value: count, sum, buckets: buckets.map(({ le, count }) => ({ le: formatNumber(le), count })) };
  },
  pointType: 'histogram',
  delta,
  writePoint(writer, { buckets }, values, column) {
    const counts = { values, from: column + HISTOGRAM_COLUMNS.COUNTS, count: buckets.length + 1 };
    writer.histogram(values[column + HISTOGRAM_COLUMNS.SUM], buckets, counts);
  },
  recordable: 'finite numbers',
  options: ['buckets'],
  resolve: (_name, { buckets }) => ({ buckets: checkBuckets(buckets === undefined ? [...DEFAULT_BUCKETS] : buckets) }),
};
