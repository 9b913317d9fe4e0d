import type { Arena } from '../arena/arena';
import type { Shard } from '../arena/shard';
import type { Definition, MetricType } from '../kinds/definition';
import { kindOf } from '../kinds/kinds';
import type { OnMerged, SeriesMerger } from '../kinds/merger';
import { ShardCells } from '../kinds/shard-cells';
import type { SeriesList } from '../registry/series-list';
import type { OnMergedSeries, RawSeries } from './life';

/**
 * Merges series over shards, into the columns of a snapshot. Any thread; the caller holds the shards' locks: see
 * `ShardCells`.
 */
export class SeriesMerge {
  private readonly cells: ShardCells;
  private readonly mergers = new Map<MetricType, SeriesMerger>();
  private readonly raw: RawSeries = {
    index: 0,
    record: 0,
    values: new Float64Array(0),
    column: 0,
    activity: 0,
    epoch: 0,
  };

  /** @param isStill whether no other thread can write the cells of a shard, apart from its overflow cells */
  constructor(arena: Arena, isStill: (shard: Shard) => boolean = () => true) {
    this.cells = new ShardCells(arena, isStill);
  }

  /** The shards to merge. */
  get shards(): readonly Shard[] {
    return this.cells.shards;
  }

  set shards(shards: readonly Shard[]) {
    this.cells.shards = shards;
  }

  /**
   * Merges a range of the series of one metric into their columns of `out`, which must be zero.
   *
   * @param onSeries called for each of them afterwards
   */
  into(
    out: Float64Array,
    series: SeriesList,
    definition: Definition,
    { from = 0, to = series.count, onSeries }: { from?: number; to?: number; onSeries?: OnMergedSeries } = {},
  ): void {
    this.cells.begin();
    const onMerged = onSeries && this.onMergedOf(out, series, onSeries);
    this.mergerOf(definition).merge(out, series, definition, { from, to }, onMerged);
  }

  private onMergedOf(values: Float64Array, { records, columns }: SeriesList, onSeries: OnMergedSeries): OnMerged {
    const { raw } = this;
    raw.values = values;
    return (index, activity, epoch) => {
      raw.index = index;
      raw.record = records[index];
      raw.column = columns[index];
      raw.activity = activity;
      raw.epoch = epoch;
      onSeries(raw);
    };
  }

  private mergerOf(definition: Definition): SeriesMerger {
    let merger = this.mergers.get(definition.type);
    if (merger === undefined) {
      merger = kindOf(definition).merger(this.cells);
      this.mergers.set(definition.type, merger);
    }
    return merger;
  }
}
