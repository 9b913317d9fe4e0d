import type { Arena } from '../arena/arena';
import type { Baseline } from './baseline';
import type { Definition, DefinitionOptions, MetricType } from './definition';
import type { SeriesMerger } from './merger';
import type { PointType, PointWriter } from './point';
import type { Sample, SampleReader } from './sample';
import type { ShardCells } from './shard-cells';
import type { SeriesValue } from './value';

/**
 * Everything that depends on what a metric is. There is one of these per kind, and the rest of the library asks it: a new
 * kind is one new file, an entry in `kinds.ts`, and an operation in `fold.ts`.
 *
 * _Cells_ are what folding writes, per series and shard. _Columns_ are the numbers of one series in a snapshot, which merging
 * makes of the cells of all shards.
 */
export interface Kind {
  readonly type: MetricType;

  /** Words of one series' cells in one shard. */
  cellWords(definition: Definition): number;
  /** How many of them become zeros when the memory is given to another series. The rest is kept for it. */
  clearedWords(definition: Definition): number;
  /** The numbers that folding needs, which stand in the family's record. */
  foldingParameters(definition: Definition): readonly number[];
  /** Whether each series has a shared word from which threads take epochs. */
  readonly hasEpoch: boolean;
  /** Words that cells at `cell` have taken elsewhere. The holder of the shard's lock calls this. */
  outsideWords(arena: Arena, cell: number): number;
  /** What is done to the cells of each shard when a series is removed or reset, at `now` of the arena's clock. */
  end?(f64: Float64Array, cell: number, now: number): void;

  /** Columns of one series. */
  columnCount(definition: Definition): number;
  /**
   * A column that is never NaN where there is a series. Of a series that was removed, and not recorded since, all columns
   * are NaN. (A gauge to which threads added both infinities is NaN as well, and is not shown.)
   */
  readonly presenceColumn: number;
  /** Adds up the cells of shards. One per thread that merges, since it keeps room between calls. */
  merger(cells: ShardCells): SeriesMerger;
  /** Series that are merged before the caller looks whether another thread waits: some tenths of a millisecond's work. */
  readonly seriesAtOnce: number;
  /** What is kept of a series when it is removed or reset, so that it counts from zero again. */
  readonly baseline: Baseline;

  /** What follows the metric's name in its lines, each once. */
  readonly suffixes: readonly string[];
  /** The label that the metric's own lines have, if they have one. */
  readonly reservedLabel?: string;
  /** The lines that one series shows, in their order. */
  samples(definition: Definition): Sample[];
  /** Reads all of them at once. */
  sampleReader(definition: Definition): SampleReader;
  /** The value of a series as an object. */
  value(definition: Definition, values: Float64Array, column: number): SeriesValue;

  readonly pointType: PointType;
  /** Whether the values only grow, so that what was recorded between two snapshots can be told. */
  readonly delta?: Delta;
  /** Gives the numbers of one series to a writer. */
  writePoint(writer: PointWriter, definition: Definition, values: Float64Array, column: number): void;

  /** Which numbers can be recorded, for error messages. */
  readonly recordable: string;
  /** Options beyond those that all metrics have. */
  readonly options: readonly (keyof DefinitionOptions)[];
  /** Checks those options and fills in their defaults. @throws RingmeterError that says what is wrong */
  resolve(name: string, given: DefinitionOptions): Partial<Definition>;
}

/**
 * Writes to `change` what was recorded between two snapshots. A series that has gone back has begun again: then it is what
 * it has now.
 *
 * @param column the first one of the series, in both snapshots
 * @param before undefined if nothing was recorded before
 * @returns whether anything was recorded
 */
export type Delta = (
  change: Float64Array,
  definition: Definition,
  column: number,
  now: Float64Array,
  before: Float64Array | undefined,
) => boolean;
