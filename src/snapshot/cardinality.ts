import type { Arena } from '../arena/arena';
import { alignToLine, LIFE, PAGE_MASK, PAGE_SHIFT, RECORD, WORD_BYTES } from '../arena/layout';
import { lifeOf } from '../arena/lives';
import type { Shard } from '../arena/shard';
import type { Definition } from '../kinds/definition';
import { kindOf } from '../kinds/kinds';
import { baselineWords } from '../lifecycle/life';
import type { RegisteredFamily } from '../registry/family';
import { keySpan } from '../registry/record';
import { eachLabelText } from '../registry/series-key';
import { presenceIn, type TakenSnapshot } from './snapshot';

/** A label of a metric. */
export interface LabelCardinality {
  name: string;
  /** Number of different values among the metric's series. */
  values: number;
  /** Some of them. */
  examples: string[];
}

/** The series of one metric and the memory they take. */
export interface MetricCardinality {
  name: string;
  type: Definition['type'];
  /** Present series, the overflow series included. */
  series: number;
  /** Most series (without the overflow series), and the seconds after which an idle one is removed (0 = never). */
  limit: number;
  ttl: number;
  /** Removed series, whose memory stays allocated until their label set is recorded again. */
  removed: number;
  /** Number of times that a label set was given the overflow series instead of its own. */
  overflowed: number;
  /** Bytes of the arena that all these take, as far as they can be attributed. */
  bytes: number;
  /** Those with the most values first. */
  labels: LabelCardinality[];
}

/** The series of a collector, by metric. */
export interface Cardinality {
  series: number;
  /** Most series of all metrics together. */
  limit: number;
  removed: number;
  overflowed: number;
  /** Bytes of all metrics; of the whole arena; and the most it may take. */
  bytes: number;
  arenaBytes: number;
  maxMemory: number;
  /** Those with the most series first. */
  metrics: MetricCardinality[];
}

const EXAMPLES = 3;
const LONGEST_EXAMPLE = 100;
/** Places of the directory have an int32 each. */
const PLACE_BYTES = 4;

/** The limits that are reported beside the counts. */
export interface CardinalityLimits {
  cardinalityLimit: number;
  seriesLimit: number;
}

/** Ranks metrics by number of series, and their labels by number of values. Takes some microseconds per series. */
export function cardinalityOf(
  arena: Arena,
  shards: readonly Shard[],
  snapshot: TakenSnapshot,
  { cardinalityLimit, seriesLimit }: CardinalityLimits,
): Cardinality {
  const metrics = snapshot.families
    .map((family) => metricOf(arena, shards, snapshot, family, cardinalityLimit))
    .sort((a, b) => b.series - a.series || b.bytes - a.bytes);
  const total = (what: 'series' | 'removed' | 'overflowed' | 'bytes'): number =>
    metrics.reduce((sum, metric) => sum + metric[what], 0);
  return {
    series: total('series'),
    limit: seriesLimit,
    removed: total('removed'),
    overflowed: total('overflowed'),
    bytes: total('bytes'),
    arenaBytes: arena.bytesUsed(),
    maxMemory: arena.buffer.byteLength,
    metrics,
  };
}

function metricOf(
  arena: Arena,
  shards: readonly Shard[],
  snapshot: TakenSnapshot,
  family: RegisteredFamily,
  usualLimit: number,
): MetricCardinality {
  const { name, type, ttl = 0, cardinalityLimit: limit = usualLimit } = family.definition;
  const isThere = presenceIn(snapshot, family);
  const labels = new LabelCount(arena);
  let present = 0;
  let bytes = 0;
  for (let index = 0; index < family.series.count; index++) {
    bytes += seriesBytes(arena, shards, family, index);
    if (!isThere(index)) continue;
    present++;
    labels.add(family.series.records[index]);
  }
  return {
    name,
    type,
    series: present,
    limit,
    ttl,
    removed: family.series.count - present,
    overflowed: arena.counted(family.record + RECORD.FAMILY_OVERFLOWED),
    bytes,
    labels: labels.ranked(),
  };
}

/** Counts distinct label values by their hashes: a set of a million texts would take more memory than the series. */
class LabelCount {
  private readonly labels = new Map<number, { name: string; values: Set<number>; examples: string[] }>();

  constructor(private readonly arena: Arena) {}

  add(record: number): void {
    const { arena, labels } = this;
    let label: ReturnType<typeof labels.get>;
    let isName = true;
    eachLabelText(arena, record, (start, end) => {
      const hash = hashOf(arena.u8, start, end);
      if (isName) {
        label = labels.get(hash);
        if (label === undefined) {
          label = { name: arena.textBetween(start, end), values: new Set(), examples: [] };
          labels.set(hash, label);
        }
      } else if (!label!.values.has(hash)) {
        label!.values.add(hash);
        if (label!.examples.length < EXAMPLES)
          label!.examples.push(arena.textBetween(start, end).slice(0, LONGEST_EXAMPLE));
      }
      isName = !isName;
    });
  }

  ranked(): LabelCardinality[] {
    return [...this.labels.values()]
      .map(({ name, values, examples }) => ({ name, values: values.size, examples }))
      .sort((a, b) => b.values - a.values);
  }
}

/** 53 bits of two FNV-1a hashes: for a million texts the probability of a collision is about 1 in 10,000. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let first = 0x811c9dc5;
  let second = 0x1b873593;
  for (let at = start; at < end; at++) {
    first = Math.imul(first ^ bytes[at], 0x01000193);
    second = Math.imul(second ^ bytes[at], 0x5bd1e995) ^ (second >>> 15);
  }
  return (first >>> 0) * 2 ** 21 + (second >>> 11);
}

/** Bytes of a series: its record, its place, its life, and its cells in every shard that has the page. */
function seriesBytes(
  arena: Arena,
  shards: readonly Shard[],
  { definition, series }: RegisteredFamily,
  index: number,
): number {
  const record = series.records[index];
  const { end } = keySpan(arena, record);
  let words = alignToLine(Math.ceil(end / WORD_BYTES) - record);
  if (lifeOf(arena, record) !== 0) words += alignToLine(LIFE.BASELINES + 2 * baselineWords(definition));
  const id = series.ids[index];
  const kind = kindOf(definition);
  const own = kind.cellWords(definition);
  for (const { cells, overflowCells } of shards)
    for (const table of [cells, overflowCells]) {
      const page = arena.i32[table + (id >>> PAGE_SHIFT)];
      if (page === 0) continue;
      words += own + kind.outsideWords(arena, page + (id & PAGE_MASK));
    }
  return words * WORD_BYTES + PLACE_BYTES;
}
