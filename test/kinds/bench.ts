import { Arena } from '../../dist/src/arena/arena.js';
import { HEADER, OPERATION, OPERATION_SHIFT, SHARD } from '../../dist/src/arena/layout.js';
import { openShards, type Shard } from '../../dist/src/arena/shard.js';
import type { Definition, MetricType } from '../../dist/src/kinds/definition.js';
import { cellOf, fold } from '../../dist/src/kinds/fold.js';
import { columnCount } from '../../dist/src/kinds/kinds.js';
import { SeriesMerge } from '../../dist/src/lifecycle/merge.js';
import { type RegisteredSeries, registerFamily, registerSeries } from '../../dist/src/registry/register.js';
import { SeriesList } from '../../dist/src/registry/series-list.js';

/** One series in an arena of its own: events are folded into the cells of any shard in any order, time passes by hand. */
export class FoldBench {
  readonly arena: Arena;
  readonly definition: Definition;
  private readonly shards: Shard[];
  private readonly family: number;
  private readonly series: RegisteredSeries;

  constructor(type: MetricType, given: Partial<Definition> = {}, shards = 1) {
    this.arena = Arena.create({ maker: 1, maxMemory: 2 ** 20, maxThreads: shards, ringCapacity: 64, settings: {} });
    this.definition = {
      name: 'm',
      type,
      description: '',
      unit: '',
      labelNames: null,
      buckets: [],
      quantiles: [],
      maxAge: 1e9,
      maxSamples: 2 ** 31,
      ...given,
    };
    this.shards = openShards(this.arena);
    this.shards.forEach((shard, index) => {
      if (!shard.claim(index + 1)) throw new Error('no memory for the shards');
    });
    this.family = registerFamily(this.arena, this.definition);
    this.series = registerSeries(this.arena, this.family, this.definition, {
      labels: [],
      limit: 10,
      beyond: () => [],
    }).series;
    this.time = 1_000;
  }

  /** The arena's clock, in milliseconds. */
  set time(milliseconds: number) {
    this.arena.f64[HEADER.CLOCK] = milliseconds;
  }

  /** Folds one event as the shard's drainer would, or as the owner of its overflow cells would. */
  fold(
    operation: keyof typeof OPERATION,
    value: number,
    { shard = 0, overflow = false, epoch }: { shard?: number; overflow?: boolean; epoch?: number } = {},
  ): void {
    const { arena, series, family } = this;
    const { base, cells, overflowCells } = this.shards[shard];
    const progress = base + (overflow ? SHARD.FOLDED_IN_PLACE : SHARD.FOLDED);
    const cell = cellOf(arena, overflow ? overflowCells : cells, series.id);
    const code = (OPERATION[operation] << OPERATION_SHIFT) | series.id;
    // whoever stamped the event had taken its epoch before
    const shared = arena.i32[series.epoch];
    if (epoch !== undefined && (shared === 0 || ((epoch - shared) | 0) > 0)) arena.i32[series.epoch] = epoch;
    const done = arena.f64[progress] + 1;
    if (!fold(arena, cell, code, epoch ?? family, value, progress, done, overflow))
      throw new Error('the event was refused');
  }

  /** The columns of the series, added up over the shards. */
  merged(quantiles = this.definition.quantiles): Float64Array {
    return addedUp(this.arena, this.shards, this.series, { ...this.definition, quantiles });
  }
}

/** The columns of one series, added up over shards. */
export function addedUp(
  arena: Arena,
  shards: readonly Shard[],
  series: RegisteredSeries,
  definition: Definition,
): Float64Array {
  const out = new Float64Array(columnCount(definition));
  const merge = new SeriesMerge(arena);
  merge.shards = shards;
  merge.into(out, SeriesList.of({ ...series, column: 0, record: 0, birth: 0 }), definition);
  return out;
}
