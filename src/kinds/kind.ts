import type { Arena } from '../arena/arena';
import type { Baseline } from './baseline';
import type { Definition, DefinitionOptions, MetricType } from './definition';
import type { SeriesMerger } from './merger';
import type { PointType, PointWriter } from './point';
import type { Sample, SampleReader } from './sample';
import type { ShardCells } from './shard-cells';
import type { MetricValue } from './value';

/**
 * Everything that depends on the kind of a metric (counter, gauge, ...). The rest of the library is generic: a new kind
 * is one new file, an entry in `kinds.ts`, and an operation in `fold.ts`.
 *
 * Folding writes _cells_, per series and shard. Merging makes from the cells of all shards the _columns_ of a snapshot:
 * the numbers of each series.
 */
export interface Kind {
  readonly type: MetricType;

  /** Words of one series' cells in one shard. */
  cellWords(definition: Definition): number;
  /** How many of these words, from the first on, are zeroed when another series gets the memory. The rest is kept. */
  clearedWords(definition: Definition): number;
  /** The numbers that folding needs; they are stored in the family's record. */
  foldingParameters(definition: Definition): readonly number[];
  /** Whether each series has a shared word from which threads take epochs. */
  readonly hasEpoch: boolean;
  /** Words allocated elsewhere on behalf of the cells at `cell`. The holder of the shard's lock calls this. */
  outsideWords(arena: Arena, cell: number): number;
  /** Changes the cells of each shard when a series is removed or reset, at `now` by the arena's clock. */
  end?(f64: Float64Array, cell: number, now: number): void;

  /** Columns of one series. */
  columnCount(definition: Definition): number;
  /**
   * A column that is never NaN for a present series. If a series was removed, and not recorded since, all its columns
   * are NaN. (A gauge to which threads added both infinities is NaN as well, and is not shown.)
   */
  readonly presenceColumn: number;
  /** Makes a merger of shards' cells. One per merging thread, since it keeps buffers between calls. */
  merger(cells: ShardCells): SeriesMerger;
  /** Series merged between two checks whether another thread waits for a lock: some tenths of a millisecond. */
  readonly seriesAtOnce: number;
  /** The values that are stored when a series is removed or reset, and subtracted later: it then counts from zero. */
  readonly baseline: Baseline;

  /** The suffixes of the metric's name in its lines, each once. */
  readonly suffixes: readonly string[];
  /** The label that the kind itself adds to its lines (`le`, `quantile`), if any. */
  readonly reservedLabel?: string;
  /** The lines that one series shows, in their order. */
  samples(definition: Definition): Sample[];
  /** Makes a function that reads the values of all these lines at once. */
  sampleReader(definition: Definition): SampleReader;
  /** The value of a series as an object. */
  value(definition: Definition, values: Float64Array, column: number): MetricValue;

  readonly pointType: PointType;
  /** Computes the records between two snapshots; only for kinds whose values only grow. */
  readonly delta?: Delta;
  /** Passes the numbers of one series to a writer. */
  writePoint(writer: PointWriter, definition: Definition, values: Float64Array, column: number): void;

  /** Which numbers can be recorded, for error messages. */
  readonly recordable: string;
  /** Options beyond those that all metrics have. */
  readonly options: readonly (keyof DefinitionOptions)[];
  /** Checks those options and fills in their defaults. @throws RingmeterError that says what is wrong */
  resolve(name: string, given: DefinitionOptions): Partial<Definition>;
}

/**
 * Writes to `change` the difference of two snapshots. If the values of a series have decreased, it has begun again, and
 * the difference is its present values.
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
