import type { Arena } from '../arena/arena';
import { int, PAGE_MASK, PAGE_SHIFT, PAGE_WORDS, SHARD, WORD_BYTES } from '../arena/layout';
import type { Shard } from '../arena/shard';
import { readConsistently } from '../atomics/sequence-lock';
import { COUNTER, GAUGE, HISTOGRAM, SUMMARY } from './cells';
import { HISTOGRAM_COLUMNS, SUMMARY_COLUMNS, VALUE_COLUMN } from './columns';
import type { Definition } from './definition';
import { GaugeMerge } from './gauge';
import { activityOf, type RawSeries, type Settle } from './life';
import type { SeriesList } from './series-list';
import { MergedWindow } from './sketch';

/**
 * Adds up series over shards, into the columns of a snapshot. Any thread; the caller holds the shards' locks, which keeps
 * the cells still. The overflow cells are never still, nor are those of a shard whose lock was not to be had: of these
 * copies are taken, which are checked by sequence.
 *
 * Pages are looked up with plain loads: the lock has made the cells visible, and what a new page of overflow cells does
 * not show yet is an event that is being folded at this moment.
 */
export class SeriesMerge {
  private readonly copy = new ArrayBuffer(PAGE_WORDS * WORD_BYTES);
  private readonly copyF64 = new Float64Array(this.copy);
  private readonly copyI32 = new Int32Array(this.copy);
  private readonly gauge: GaugeMerge;
  /** Whether nobody else can write the cells of a shard, its overflow cells aside. */
  isStill: (shard: Shard) => boolean = () => true;
  /** The answers, in the order of the shards: they stay the same while series are added up without a break. */
  private still: readonly boolean[] = [];
  private readonly window = new MergedWindow();
  private readonly movingWindow = new MergedWindow();
  private readonly raw: RawSeries = {
    index: 0,
    record: 0,
    values: new Float64Array(0),
    column: 0,
    activity: 0,
    epoch: 0,
  };

  constructor(
    private readonly arena: Arena,
    /** Which shards to add up. */
    public shards: readonly Shard[] = [],
  ) {
    this.gauge = new GaugeMerge(arena.maxThreads * 2);
  }

  /**
   * Adds series of one metric, those from one index of the list to another, to their columns of `out`, which must be zero.
   *
   * @param settle is given each of them then
   */
  into(
    out: Float64Array,
    series: SeriesList,
    definition: Definition,
    { from = 0, to = series.count, settle }: { from?: number; to?: number; settle?: Settle } = {},
  ): void {
    this.still = this.shards.map(this.isStill);
    switch (definition.type) {
      case 'counter':
        this.counters(out, series, from, to);
        break;
      case 'gauge':
        this.gauges(out, series, from, to, settle);
        break;
      case 'histogram':
        this.histograms(out, series, definition.buckets.length + 1, from, to);
        break;
      case 'summary':
        for (let index = from; index < to; index++)
          this.summary(out, series.columns[index], series.ids[index], definition);
    }
    if (settle === undefined || definition.type === 'gauge') return;
    for (let index = from; index < to; index++) {
      const activity = activityOf(definition, out, series.columns[index]);
      settle(this.rawOf(out, series, index, activity));
    }
  }

  private rawOf(values: Float64Array, { records, columns }: SeriesList, index: number, activity: number): RawSeries {
    const { raw } = this;
    raw.values = values;
    raw.index = index;
    raw.record = records[index];
    raw.column = columns[index];
    raw.activity = activity;
    raw.epoch = this.gauge.winner;
    return raw;
  }

  private counters(out: Float64Array, series: SeriesList, from: number, to: number): void {
    for (const shard of this.shards) {
      this.addCounters(out, series, shard.cells, from, to);
      // one word, which cannot be read torn
      if (hasOverflown(shard)) this.addCounters(out, series, shard.overflowCells, from, to);
    }
  }

  private addCounters(out: Float64Array, { ids, columns }: SeriesList, table: number, from: number, to: number): void {
    const { i32, f64 } = this.arena;
    for (let index = from; index < to; index++) {
      const id = ids[index];
      const page = i32[table + (id >>> PAGE_SHIFT)];
      if (page !== 0) out[columns[index] + VALUE_COLUMN] += f64[page + (id & PAGE_MASK) + COUNTER.SUM];
    }
  }

  private histograms(out: Float64Array, { ids, columns }: SeriesList, buckets: number, from: number, to: number): void {
    const { f64 } = this.arena;
    for (let number = 0; number < this.shards.length; number++) {
      const shard = this.shards[number];
      const overflown = hasOverflown(shard);
      for (let index = from; index < to; index++) {
        const cell = this.cell(shard.cells, ids[index]);
        if (cell !== 0 && this.still[number]) addHistogram(out, columns[index], f64, cell, buckets);
        else if (cell !== 0) this.addMovingHistogram(out, columns[index], cell, buckets);
        const overflow = overflown ? this.cell(shard.overflowCells, ids[index]) : 0;
        if (overflow !== 0) this.addMovingHistogram(out, columns[index], overflow, buckets);
      }
    }
  }

  private addMovingHistogram(out: Float64Array, column: number, cell: number, buckets: number): void {
    this.copyCells(cell, HISTOGRAM.COUNTS + buckets);
    addHistogram(out, column, this.copyF64, 0, buckets);
  }

  private gauges(out: Float64Array, series: SeriesList, from: number, to: number, settle: Settle | undefined): void {
    const { arena, gauge } = this;
    const { ids, columns, epochs } = series;
    for (let index = from; index < to; index++) {
      gauge.reset();
      for (let number = 0; number < this.shards.length; number++) {
        const shard = this.shards[number];
        const cell = this.cell(shard.cells, ids[index]);
        if (cell !== 0 && this.still[number]) gauge.add(arena.i32, arena.f64, cell);
        else if (cell !== 0) this.addMovingGauge(cell);
        const overflow = this.cell(shard.overflowCells, ids[index]);
        if (overflow !== 0) this.addMovingGauge(overflow);
      }
      out[columns[index] + VALUE_COLUMN] = gauge.value(Atomics.load(arena.i32, epochs[index]));
      settle?.(this.rawOf(out, series, index, gauge.version));
    }
  }

  private addMovingGauge(cell: number): void {
    this.copyCells(cell, GAUGE.WORDS);
    this.gauge.add(this.copyI32, this.copyF64, 0);
  }

  private summary(out: Float64Array, column: number, id: number, { maxAge, quantiles }: Definition): void {
    const { arena, window } = this;
    const oldest = arena.clock() - maxAge * 1000;
    window.reset();
    for (let number = 0; number < this.shards.length; number++) {
      const shard = this.shards[number];
      const cell = this.cell(shard.cells, id);
      if (cell !== 0 && this.still[number]) {
        addSummary(out, column, arena.f64, cell);
        window.add(arena, cell, afterCut(arena.f64, cell, oldest));
      } else if (cell !== 0) this.addMovingSummary(out, column, cell, oldest);
      const overflow = this.cell(shard.overflowCells, id);
      if (overflow !== 0) this.addMovingSummary(out, column, overflow, oldest);
    }
    showWindow(out, column, window, quantiles);
  }

  private addMovingSummary(out: Float64Array, column: number, cell: number, oldest: number): void {
    this.copySummary(cell, oldest);
    addSummary(out, column, this.copyF64, 0);
    this.window.merge(this.movingWindow);
  }

  private copySummary(cell: number, oldest: number): void {
    const { arena, copyF64, movingWindow } = this;
    readConsistently(arena.i32, int(cell), () => {
      for (let word = 0; word < SUMMARY.SLOTS; word++) copyF64[word] = arena.f64[cell + word];
      movingWindow.reset();
      movingWindow.add(arena, cell, afterCut(arena.f64, cell, oldest));
    });
  }

  private copyCells(cell: number, words: number): void {
    const { f64, i32 } = this.arena;
    readConsistently(i32, int(cell), () => {
      for (let word = 0; word < words; word++) this.copyF64[word] = f64[cell + word];
    });
  }

  /** The first cell of a series in the shard that a page table belongs to, 0 if the shard has none. */
  private cell(table: number, id: number): number {
    const page = this.arena.i32[table + (id >>> PAGE_SHIFT)];
    return page === 0 ? 0 : page + (id & PAGE_MASK);
  }
}

/** Whether the shard's owner has ever folded in place; it counts an event when the event is in its cells. */
function hasOverflown(shard: Shard): boolean {
  return shard.count(SHARD.FOLDED_IN_PLACE) > 0;
}

function addHistogram(out: Float64Array, column: number, f64: Float64Array, cell: number, buckets: number): void {
  out[column + HISTOGRAM_COLUMNS.SUM] += f64[cell + HISTOGRAM.SUM];
  const into = column + HISTOGRAM_COLUMNS.COUNTS;
  const from = cell + HISTOGRAM.COUNTS;
  for (let bucket = 0; bucket < buckets; bucket++) out[into + bucket] += f64[from + bucket];
}

/** Slots that began when the series was removed, or earlier, do not count. */
function afterCut(f64: Float64Array, cell: number, oldest: number): number {
  return Math.max(oldest, f64[cell + SUMMARY.CUT]);
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
  for (let index = 0; index < quantiles.length; index++)
    out[column + SUMMARY_COLUMNS.QUANTILES + index] = window.quantile(quantiles[index]);
}
