import type { Arena } from '../arena/arena';
import { alignToLine, CLOCK_STEP_MS, high, int, RECORD } from '../arena/layout';
import { readConsistently } from '../atomics/sequence-lock';
import { formatNumber } from '../common/format-float';
import { checkInteger, checkNumber } from '../common/options-check';
import { baselineOfSums } from './baseline';
import type { Definition } from './definition';
import type { Kind } from './kind';
import type { OnMerged, SeriesMerger, SeriesNumbers } from './merger';
import { checkQuantiles } from './quantiles';
import type { Sample, SampleReader } from './sample';
import type { ShardCells } from './shard-cells';
import { binOf, chunkCounts, clearSlot, MergedWindow, octaveOf } from './sketch';
import { BINS, CHUNK, CHUNK_ENTRIES, SLOT, SLOTS, SUMMARY, SUMMARY_COLUMNS } from './summary-cells';

const halfView = new Float64Array(1);
const halves = new Int32Array(halfView.buffer);

/**
 * Adds an observation to the current slot of the window, and to the sums since the start. See `fold`.
 *
 * @param family pointer to the family's record, which has the length and the capacity of a slot
 */
export function foldSummary(
  arena: Arena,
  cell: number,
  family: number,
  value: number,
  progress: number,
  done: number,
  isShared: boolean,
): boolean {
  const { i32, f64 } = arena;
  halfView[0] = value;
  const octave = octaveOf(halves[1]);
  const counts = chunkCounts(arena, cell, octave);
  if (counts === 0) return false;
  const slot = currentSlot(arena, cell, f64[family + RECORD.SPEC], f64[family + RECORD.SPEC + 1]);
  const state = cell + SUMMARY.SLOTS + slot * SLOT.WORDS;
  const bin = counts + slot * BINS + binOf(halves[1]);
  const min = f64[state + SLOT.MIN];
  const max = f64[state + SLOT.MAX];
  const newMin = Math.min(value, min);
  const newMax = Math.max(value, max);
  const sequence = int(cell);
  const version = i32[sequence] | 1;
  if (isShared) Atomics.exchange(i32, sequence, version);
  else i32[sequence] = version;
  i32[bin] += 1;
  f64[state + SLOT.MIN] = newMin;
  f64[state + SLOT.MAX] = newMax;
  f64[state + SLOT.SUM] += value;
  f64[state + SLOT.COUNT] += 1;
  f64[cell + SUMMARY.SUM] += value;
  f64[cell + SUMMARY.COUNT] += 1;
  if (isShared) Atomics.store(i32, sequence, (version + 1) | 0);
  else i32[sequence] = (version + 1) | 0;
  f64[progress] = done;
  return true;
}

/**
 * The slot for new values. When the current slot is too old or full, the oldest slot is emptied and becomes the current
 * one. It begins later than the cut, even if this thread still sees an earlier time on the clock.
 */
function currentSlot(arena: Arena, cell: number, slotMilliseconds: number, slotSamples: number): number {
  const { i32, f64 } = arena;
  const cut = f64[cell + SUMMARY.CUT];
  const now = Math.max(arena.clock(), cut + CLOCK_STEP_MS);
  const slot = i32[high(cell + SUMMARY.SEQUENCE)];
  const state = cell + SUMMARY.SLOTS + slot * SLOT.WORDS;
  const began = f64[state + SLOT.BEGAN];
  const counts = began > cut && now - began < slotMilliseconds;
  if (counts && f64[state + SLOT.COUNT] < slotSamples) return slot;
  const next = began === 0 ? slot : (slot + 1) % SLOTS;
  clearSlot(arena, cell, next);
  const nextState = cell + SUMMARY.SLOTS + next * SLOT.WORDS;
  f64[nextState + SLOT.BEGAN] = now;
  i32[high(cell + SUMMARY.SEQUENCE)] = next;
  return next;
}

class SummaryMerger implements SeriesMerger {
  private readonly window = new MergedWindow();
  private readonly movingWindow = new MergedWindow();

  constructor(private readonly cells: ShardCells) {}

  merge(
    out: Float64Array,
    { ids, columns }: SeriesNumbers,
    definition: Definition,
    { from, to }: { from: number; to: number },
    onMerged?: OnMerged,
  ): void {
    for (let index = from; index < to; index++) {
      this.add(out, columns[index], ids[index], definition);
      onMerged?.(index, out[columns[index] + SUMMARY_COLUMNS.COUNT], 0);
    }
  }

  private add(out: Float64Array, column: number, id: number, { maxAge, quantiles }: Definition): void {
    const { cells, window } = this;
    const { arena, shards } = cells;
    const oldest = arena.clock() - maxAge * 1000;
    window.reset();
    for (let number = 0; number < shards.length; number++) {
      const shard = shards[number];
      const cell = cells.find(shard.cells, id);
      if (cell !== 0 && cells.isStillAt(number)) {
        addSums(out, column, arena.f64, cell);
        window.add(arena, cell, afterCut(arena.f64, cell, oldest));
      } else if (cell !== 0) this.addMoving(out, column, cell, oldest);
      const overflow = cells.find(shard.overflowCells, id);
      if (overflow !== 0) this.addMoving(out, column, overflow, oldest);
    }
    showWindow(out, column, window, quantiles);
  }

  private addMoving(out: Float64Array, column: number, cell: number, oldest: number): void {
    this.copy(cell, oldest);
    addSums(out, column, this.cells.copiedF64, 0);
    this.window.merge(this.movingWindow);
  }

  private copy(cell: number, oldest: number): void {
    const { cells, movingWindow } = this;
    const { arena, copiedF64 } = cells;
    readConsistently(arena.i32, int(cell), () => {
      for (let word = 0; word < SUMMARY.SLOTS; word++) copiedF64[word] = arena.f64[cell + word];
      movingWindow.reset();
      movingWindow.add(arena, cell, afterCut(arena.f64, cell, oldest));
    });
  }
}

/** The later of `oldest` and the cut: slots that began at the removal of the series, or earlier, do not count. */
function afterCut(f64: Float64Array, cell: number, oldest: number): number {
  return Math.max(oldest, f64[cell + SUMMARY.CUT]);
}

function addSums(out: Float64Array, column: number, f64: Float64Array, cell: number): void {
  out[column + SUMMARY_COLUMNS.COUNT] += f64[cell + SUMMARY.COUNT];
  out[column + SUMMARY_COLUMNS.SUM] += f64[cell + SUMMARY.SUM];
}

function showWindow(out: Float64Array, column: number, window: MergedWindow, quantiles: readonly number[]): void {
  out[column + SUMMARY_COLUMNS.WINDOW_COUNT] = window.count;
  out[column + SUMMARY_COLUMNS.WINDOW_SUM] = window.sum;
  out[column + SUMMARY_COLUMNS.MIN] = window.count === 0 ? Number.NaN : window.min;
  out[column + SUMMARY_COLUMNS.MAX] = window.count === 0 ? Number.NaN : window.max;
  for (let index = 0; index < quantiles.length; index++)
    out[column + SUMMARY_COLUMNS.QUANTILES + index] = window.quantile(quantiles[index]);
}

const only = (column: number): Pick<Sample, 'begin' | 'end'> => ({ begin: column, end: column + 1 });

function samples({ quantiles }: Definition): Sample[] {
  return [
    ...quantiles.map((quantile, index) => ({
      suffix: '',
      label: ['quantile', formatNumber(quantile)] as const,
      ...only(SUMMARY_COLUMNS.QUANTILES + index),
      isEmptyAtFirst: true,
    })),
    { suffix: '_sum', ...only(SUMMARY_COLUMNS.SUM), isCumulative: true },
    { suffix: '_count', ...only(SUMMARY_COLUMNS.COUNT), isCumulative: true },
  ];
}

function sampleReader({ quantiles: { length: quantiles } }: Definition): SampleReader {
  return (values, column, out) => {
    for (let index = 0; index < quantiles; index++) out[index] = values[column + SUMMARY_COLUMNS.QUANTILES + index];
    out[quantiles] = values[column + SUMMARY_COLUMNS.SUM];
    out[quantiles + 1] = values[column + SUMMARY_COLUMNS.COUNT];
  };
}

/** Words that the sketch has allocated outside the cells. */
function outsideWords({ i32 }: Arena, cell: number): number {
  let chunks = 0;
  const entries = int(cell + SUMMARY.CHUNKS);
  for (let entry = entries; entry < entries + CHUNK_ENTRIES; entry++) if (i32[entry] !== 0) chunks++;
  return chunks * alignToLine(CHUNK.WORDS);
}

/** Quantiles of a moving window. */
export const summary: Kind = {
  type: 'summary',
  cellWords: () => SUMMARY.WORDS,
  // the pointers to the sketch's chunks are kept
  clearedWords: () => SUMMARY.CHUNKS,
  foldingParameters: ({ maxAge, maxSamples }) => [(maxAge * 1000) / SLOTS, Math.floor(maxSamples / SLOTS)],
  hasEpoch: false,
  outsideWords,
  /** The values in the window do not count any more; the next value begins a new slot. */
  end(f64, cell, now) {
    f64[cell + SUMMARY.CUT] = now;
  },
  columnCount: ({ quantiles }) => SUMMARY_COLUMNS.QUANTILES + quantiles.length,
  presenceColumn: SUMMARY_COLUMNS.COUNT,
  merger: (cells) => new SummaryMerger(cells),
  seriesAtOnce: 256,
  // count and sum only: for the window, the cut has this role
  baseline: baselineOfSums(() => 2),
  suffixes: ['', '_sum', '_count'],
  reservedLabel: 'quantile',
  samples,
  sampleReader,
  value: ({ quantiles }, values, column) => ({
    value: values[column + SUMMARY_COLUMNS.COUNT],
    sum: values[column + SUMMARY_COLUMNS.SUM],
    quantiles: quantiles.map((quantile, at) => ({ quantile, value: values[column + SUMMARY_COLUMNS.QUANTILES + at] })),
  }),
  pointType: 'summary',
  writePoint(writer, { quantiles }, values, column) {
    const shown = { values, from: column + SUMMARY_COLUMNS.QUANTILES, count: quantiles.length };
    writer.summary(values[column + SUMMARY_COLUMNS.COUNT], values[column + SUMMARY_COLUMNS.SUM], quantiles, shown);
  },
  recordable: 'finite numbers',
  options: ['maxAge', 'maxSamples', 'quantiles'],
  resolve: (name, { maxAge, maxSamples, quantiles }) => ({
    quantiles: checkQuantiles(name, quantiles),
    maxAge: checkNumber(`maxAge of ${name}`, maxAge, 600, 0.001, Number.MAX_SAFE_INTEGER),
    maxSamples: checkInteger(`maxSamples of ${name}`, maxSamples, 10_000, SLOTS, 2 ** 31),
  }),
};
