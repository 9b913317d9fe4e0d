import type { Arena } from '../arena/arena';
import { int, PAGE_MASK, PAGE_SHIFT, PAGE_WORDS, WORD_BYTES } from '../arena/layout';
import type { Shard } from '../arena/shard';
import { readConsistently } from '../atomics/sequence-lock';
import { COUNTER, cellWords, HISTOGRAM, SUMMARY } from './cells';
import { HISTOGRAM_COLUMNS, SUMMARY_COLUMNS, VALUE_COLUMN } from './columns';
import type { Definition } from './definition';
import { GaugeMerge } from './gauge';
import { MergedWindow } from './sketch';

/** What has to be known of a series to add it up. */
export interface Mergeable {
  readonly id: number;
  /** Int32Array index of a gauge's shared epoch. */
  readonly epoch: number;
}

/**
 * Adds up one series over shards, into the columns of a snapshot. Any thread; the caller holds the shards' locks, which
 * keeps the cells still. The overflow cells are never still; their copies are checked by sequence.
 */
export class SeriesMerge {
  private readonly copy = new ArrayBuffer(PAGE_WORDS * WORD_BYTES);
  private readonly copyF64 = new Float64Array(this.copy);
  private readonly copyI32 = new Int32Array(this.copy);
  private readonly gauge = new GaugeMerge();
  private readonly window = new MergedWindow();
  private readonly overflowWindow = new MergedWindow();

  constructor(
    private readonly arena: Arena,
    /** Which shards to add up. */
    public shards: readonly Shard[] = [],
  ) {}

  /** Writes the series' columns, from `column` on, into `out`. They must be zero. */
  into(out: Float64Array, column: number, { id: series, epoch }: Mergeable, definition: Definition): void {
    switch (definition.type) {
      case 'counter':
        this.each(series, definition, (_, f64, cell) => {
          out[column + VALUE_COLUMN] += f64[cell + COUNTER.SUM];
        });
        break;
      case 'gauge':
        this.gauge.reset();
        this.each(series, definition, (i32, f64, cell) => this.gauge.add(i32, f64, cell));
        out[column + VALUE_COLUMN] = this.gauge.value(Atomics.load(this.arena.i32, epoch));
        break;
      case 'histogram':
        this.each(series, definition, (_, f64, cell) =>
          addHistogram(out, column, f64, cell, definition.buckets.length),
        );
        break;
      case 'summary':
        this.mergeSummary(out, column, series, definition);
    }
  }

  /** Calls `add` with every shard's cells of the series that exist, in place or as a consistent copy. */
  private each(
    series: number,
    definition: Definition,
    add: (i32: Int32Array, f64: Float64Array, cell: number) => void,
  ): void {
    const { i32, f64 } = this.arena;
    for (const shard of this.shards) {
      const cell = this.cell(shard.cells, series);
      if (cell !== 0) add(i32, f64, cell);
      const overflow = this.cell(shard.overflowCells, series);
      if (overflow === 0) continue;
      this.copyCells(overflow, cellWords(definition.type, definition.buckets.length));
      add(this.copyI32, this.copyF64, 0);
    }
  }

  private cell(table: number, series: number): number {
    const page = Atomics.load(this.arena.i32, table + (series >>> PAGE_SHIFT));
    return page === 0 ? 0 : page + (series & PAGE_MASK);
  }

  private copyCells(cell: number, words: number): void {
    const { f64, i32 } = this.arena;
    const copy = (): void => {
      for (let word = 0; word < words; word++) this.copyF64[word] = f64[cell + word];
    };
    if (words === COUNTER.WORDS) copy();
    else readConsistently(i32, int(cell), copy);
  }

  private mergeSummary(out: Float64Array, column: number, series: number, definition: Definition): void {
    const { arena, window, overflowWindow } = this;
    const maxAge = definition.maxAge * 1000;
    window.reset();
    for (const shard of this.shards) {
      const cell = this.cell(shard.cells, series);
      if (cell !== 0) addSummary(out, column, arena.f64, cell);
      if (cell !== 0) window.add(arena, cell, arena.clock(), maxAge);
      const overflow = this.cell(shard.overflowCells, series);
      if (overflow === 0) continue;
      readConsistently(arena.i32, int(overflow), () => {
        for (let word = 0; word < SUMMARY.SLOTS; word++) this.copyF64[word] = arena.f64[overflow + word];
        overflowWindow.reset();
        overflowWindow.add(arena, overflow, arena.clock(), maxAge);
      });
      addSummary(out, column, this.copyF64, 0);
      window.merge(overflowWindow);
    }
    showWindow(out, column, window, definition.quantiles);
  }
}

function addHistogram(out: Float64Array, column: number, f64: Float64Array, cell: number, bounds: number): void {
  out[column + HISTOGRAM_COLUMNS.SUM] += f64[cell + HISTOGRAM.SUM];
  const counts = column + HISTOGRAM_COLUMNS.COUNTS;
  for (let bucket = 0; bucket <= bounds; bucket++) out[counts + bucket] += f64[cell + HISTOGRAM.COUNTS + bucket];
}

function addSummary(out: Float64Array, column: number, f64: Float64Array, cell: number): void {
  out[column + SUMMARY_COLUMNS.COUNT] += f64[cell + SUMMARY.COUNT];
  out[column + SUMMARY_COLUMNS.SUM] += f64[cell + SUMMARY.SUM];
}

function showWindow(out: Float64Array, column: number, window: MergedWindow, quantiles: readonly number[]): void {
  out[column + SUMMARY_COLUMNS.WINDOW_COUNT] = window.count;
  out[column + SUMMARY_COLUMNS.WINDOW_SUM] = window.sum;
  out[column + SUMMARY_COLUMNS.MIN] = window.count === 0 ? Number.NaN : window.min;
  out[column + SUMMARY_COLUMNS.MAX] = window.count === 0 ? Number.NaN : window.max;
  quantiles.forEach((quantile, index) => {
    out[column + SUMMARY_COLUMNS.QUANTILES + index] = window.quantile(quantile);
  });
}
