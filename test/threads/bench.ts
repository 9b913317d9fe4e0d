import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { Arena } from '../../dist/src/arena/arena.js';
import { int, OPERATION, OPERATION_SHIFT, SHARD } from '../../dist/src/arena/layout.js';
import { openShards, type Shard } from '../../dist/src/arena/shard.js';
import type { Recorder } from '../../dist/src/instruments/recorder.js';
import type { Definition, MetricType } from '../../dist/src/kinds/definition.js';
import { HISTOGRAM_COLUMNS } from '../../dist/src/kinds/histogram-cells.js';
import { columnCount } from '../../dist/src/kinds/kinds.js';
import { SUMMARY_COLUMNS } from '../../dist/src/kinds/summary-cells.js';
import { type RegisteredSeries, registerFamily, registerSeries } from '../../dist/src/registry/register.js';
import { addedUp } from '../kinds/bench';

export function makeArena(ringCapacity = 64, maxThreads = 4): Arena {
  return Arena.create({ maker: 1, maxMemory: 16 * 2 ** 20, maxThreads, ringCapacity, settings: {} });
}

export function definitionOf(type: MetricType, name = `litmus_${type}`): Definition {
  const buckets = type === 'histogram' ? [10, 100, 1_000] : [];
  return {
    name,
    type,
    description: '',
    unit: '',
    labelNames: null,
    buckets,
    quantiles: [],
    maxAge: 600,
    maxSamples: 50,
  };
}

/** A thread of the drainer fixture. */
export async function startDrainer(arena: Arena, forever = false): Promise<Worker> {
  const worker = new Worker(join(__dirname, '../fixtures/drainer.cjs'), {
    workerData: { arena: arena.buffer, forever },
    execArgv: [],
  });
  await once(worker, 'message');
  return worker;
}

/** Asks a thread of the drainer fixture, and waits for its answer. */
export async function ask<T>(worker: Worker, task: string, input: object = {}): Promise<T> {
  worker.postMessage({ task, ...input });
  const [answer] = await once(worker, 'message');
  return answer as T;
}

/** Lets the positions of a shard begin where they would be after many events. */
export function begin(shard: Shard, position: number): void {
  const { arena, base } = shard;
  if (!shard.claim(1)) throw new Error('the shard is taken');
  arena.f64[base + SHARD.FOLDED] = position;
  Atomics.store(arena.i32, int(base + SHARD.FREED), position | 0);
  Atomics.store(arena.i32, int(base + SHARD.PUBLISHED), position | 0);
  shard.release(1);
}

export const KINDS = ['COUNTER_ADD', 'GAUGE_SET', 'GAUGE_ADD', 'OBSERVE', 'SUMMARIZE'] as const;
export type Kind = (typeof KINDS)[number];

/** One series with its family. */
export interface Member {
  definition: Definition;
  family: number;
  series: RegisteredSeries;
}

function usedShards(arena: Arena): Shard[] {
  return openShards(arena).filter(({ ring }) => ring !== 0);
}

/** The columns of one series, added up over all shards. */
export function columnsOf(arena: Arena, { series, definition }: Member): number[] {
  return [...addedUp(arena, usedShards(arena), series, definition)];
}

/** One series of every type in an arena: records events of all kinds, and knows what they come to. */
export class Load {
  readonly counter: Member;
  readonly gauge: Member;
  readonly histogram: Member;
  readonly summary: Member;
  private sum = 0;
  private level = 0;
  private readonly observed: number[];
  private readonly summarized = { count: 0, sum: 0, newest: [] as number[] };

  constructor(readonly arena: Arena) {
    this.counter = this.member('counter');
    this.gauge = this.member('gauge');
    this.histogram = this.member('histogram');
    this.summary = this.member('summary');
    this.observed = new Array(columnCount(this.histogram.definition)).fill(0);
  }

  private member(type: MetricType): Member {
    const definition = definitionOf(type);
    const family = registerFamily(this.arena, definition);
    const wanted = { labels: [], limit: 10, beyond: () => [] };
    return { definition, family, series: registerSeries(this.arena, family, definition, wanted).series };
  }

  record(recorder: Recorder, kind: Kind, value: number): void {
    const { family, series } = this.memberOf(kind);
    const code = (OPERATION[kind] << OPERATION_SHIFT) | series.id;
    if (kind === 'GAUGE_SET') recorder.recordInNewEpoch(code, series.epoch, value);
    else recorder.record(code, kind === 'GAUGE_ADD' ? recorder.epoch(series.epoch) : family, value);
    if (kind === 'COUNTER_ADD') this.sum += value;
    if (kind === 'GAUGE_SET') this.level = value;
    if (kind === 'GAUGE_ADD') this.level += value;
    if (kind === 'OBSERVE') this.observe(value);
    if (kind === 'SUMMARIZE') this.summarize(value);
  }

  private memberOf(kind: Kind): Member {
    if (kind === 'COUNTER_ADD') return this.counter;
    if (kind === 'OBSERVE') return this.histogram;
    return kind === 'SUMMARIZE' ? this.summary : this.gauge;
  }

  /** Where the columns differ from what they should be. */
  problems(): string[] {
    const { arena } = this;
    const inPlace = usedShards(arena).some((shard) => shard.count(SHARD.FOLDED_IN_PLACE) > 0);
    // what was folded in place, or by another shard, has a window of its own, with its own slots
    const shown = inPlace || usedShards(arena).length > 1 ? SUMMARY_COLUMNS.WINDOW_COUNT : SUMMARY_COLUMNS.QUANTILES;
    const pairs = {
      counter: [columnsOf(arena, this.counter), [this.sum]],
      gauge: [columnsOf(arena, this.gauge), [this.level]],
      histogram: [columnsOf(arena, this.histogram), this.observed],
      summary: [columnsOf(arena, this.summary).slice(0, shown), this.summaryColumns().slice(0, shown)],
    };
    return Object.entries(pairs)
      .filter(([, [found, expected]]) => `${found}` !== `${expected}`)
      .map(([name, [found, expected]]) => `${name}: found ${found}, expected ${expected}`);
  }

  private observe(value: number): void {
    const { buckets } = this.histogram.definition;
    const bucket = buckets.findIndex((bound) => value <= bound);
    this.observed[HISTOGRAM_COLUMNS.SUM] += value;
    this.observed[HISTOGRAM_COLUMNS.COUNTS + (bucket === -1 ? buckets.length : bucket)]++;
  }

  private summarize(value: number): void {
    const { summarized } = this;
    summarized.count++;
    summarized.sum += value;
    summarized.newest.push(value);
    if (summarized.newest.length > this.summary.definition.maxSamples) summarized.newest.shift();
  }

  /** A window is five slots of a fifth of the samples; the oldest makes room for the next. */
  private summaryColumns(): number[] {
    const { count, sum, newest } = this.summarized;
    const slot = this.summary.definition.maxSamples / 5;
    const window = newest.slice(-(4 * slot + (count % slot || slot)));
    const total = window.reduce((all, value) => all + value, 0);
    const [min, max] = count === 0 ? [Number.NaN, Number.NaN] : [Math.min(...window), Math.max(...window)];
    return [count, sum, window.length, total, min, max];
  }
}
