// not the globals: there are realms that have none
import { TextEncoder } from 'node:util';
import type { Arena } from '../arena/arena';
import { allocateCells } from '../arena/cells';
import { allocateColumns } from '../arena/columns';
import { HEADER, high, int, RECORD, RECORD_KIND, SERIES_FLAG, SIZE_CLASS_SHIFT } from '../arena/layout';
import { isGone, isHidden, membersOf, SERIES_COUNT, showAgain } from '../arena/lives';
import { type Definition, type LabelPairs, METRIC_TYPES } from '../kinds/definition';
import { columnCount, kindOf } from '../kinds/kinds';
import { birthMark } from './births';
import { hasFree, sizeClass, takeFree } from './free-records';
import { find } from './hash-index';
import { findOrInsert, hasRoom } from './publish';
import { recordWords, tailOf } from './record';
import { encodeSeriesKey, type SeriesKey } from './series-key';

const encoder = new TextEncoder();

/**
 * Get-or-create of a family by its name. Another thread may have registered the name with another definition: the
 * caller has to compare. The family is shown once it is decided that it stands: see overlap.ts.
 *
 * @returns the record, or 0 if the arena is full
 */
export function registerFamily(arena: Arena, definition: Definition): number {
  const spec = kindOf(definition).foldingParameters(definition);
  const json = encoder.encode(JSON.stringify(definition));
  return findOrInsert(arena, {
    kind: RECORD_KIND.FAMILY,
    key: encoder.encode(definition.name),
    bodyWords: RECORD.SPEC - RECORD.FAMILY_TYPE + spec.length,
    cellWords: 0,
    tail: json,
    write(record) {
      arena.i32[int(record + RECORD.FAMILY_TYPE)] = METRIC_TYPES.indexOf(definition.type);
      arena.i32[int(record + RECORD.FAMILY_SIZES)] = json.length;
      arena.i32[high(record + RECORD.FAMILY_SIZES)] = spec.length;
      arena.f64.set(spec, record + RECORD.SPEC);
      return true;
    },
  });
}

/**
 * Stores the shortest ttl of all metrics that stand: it decides how often some thread has to collect.
 *
 * @param ttl seconds; undefined if the series of the metric do not expire
 */
export function noteTtl({ i32 }: Arena, ttl: number | undefined): void {
  if (!ttl) return;
  const shortest = high(HEADER.LIVES);
  const milliseconds = Math.min(Math.ceil(ttl * 1_000), 2 ** 31 - 1);
  for (let seen = Atomics.load(i32, shortest); seen === 0 || seen > milliseconds; seen = Atomics.load(i32, shortest))
    Atomics.compareExchange(i32, shortest, seen, milliseconds);
}

export function findFamily(arena: Arena, name: string): number {
  return find(arena, RECORD_KIND.FAMILY, encoder.encode(name));
}

export function readDefinition(arena: Arena, family: number): Definition {
  const stored = JSON.parse(arena.text(tailOf(arena, family), arena.i32[int(family + RECORD.FAMILY_SIZES)]));
  // own properties: omitted ones must not be looked up in Object.prototype
  return { ttl: undefined, cardinalityLimit: undefined, ...stored };
}

/** A series as the recording side needs it. */
export interface RegisteredSeries {
  /** 0 if the registry had no room: its events are dropped and counted. */
  id: number;
  /** Int32Array index of the word from which threads take epochs; 0 if the kind has none. */
  epoch: number;
  /** First column in a snapshot. */
  column: number;
  /** Pointer to the registry record; 0 without room. */
  record: number;
}

const NO_ROOM: RegisteredSeries = { id: 0, epoch: int(HEADER.SPARE_EPOCH), column: 0, record: 0 };
const SERIES_BODY_WORDS = RECORD.SERIES_KEY - RECORD.SERIES;

/** Why a label set gets no series of its own: its metric's limit, the limit of all metrics together, or memory. */
export type Refusal = 'limit' | 'total' | 'memory';

/** Limits on the number of series; removed ones do not count. */
export interface SeriesLimits {
  /** Of the metric. */
  limit: number;
  /** Of all metrics together; any number if left out. */
  total?: number;
}

/** The series to find or to create. */
export interface WantedSeries extends SeriesLimits {
  labels: LabelPairs;
  /** Whether the memory of a gone series may be reused. Only threads that own a shard may do that. */
  reuses?: boolean;
  /** Labels of the overflow series, which label sets beyond the limit share. */
  beyond(): LabelPairs;
}

/** The record of a key, removed or not; 0 if nobody has registered it. */
export function findRecord(arena: Arena, key: SeriesKey): number {
  return find(arena, RECORD_KIND.SERIES, key.bytes, key.length);
}

/** The series of a record, or undefined if there is none, or it has been removed. */
export function presentSeries(arena: Arena, record: number): RegisteredSeries | undefined {
  return record === 0 || isHidden(arena, record) ? undefined : readSeries(arena, record);
}

function limitReached(
  { i32 }: Arena,
  family: number,
  { limit, total = Number.POSITIVE_INFINITY }: SeriesLimits,
): Refusal | undefined {
  if (Atomics.load(i32, membersOf(family)) >= limit) return 'limit';
  return Atomics.load(i32, SERIES_COUNT) >= total ? 'total' : undefined;
}

/**
 * Why a series could not be registered now; undefined if it could. Reserves nothing: cheap in floods of label sets.
 *
 * @param record of the series, if it was removed: such a series has its memory already
 */
export function whyRefused(
  arena: Arena,
  family: number,
  definition: Definition,
  key: SeriesKey,
  record: number,
  limits: SeriesLimits,
): Refusal | undefined {
  const reached = limitReached(arena, family, limits);
  if (reached !== undefined) return reached;
  const words = recordWords(SERIES_BODY_WORDS, key.length, 0);
  const fits =
    record !== 0 || hasRoom(arena, words, kindOf(definition).cellWords(definition)) || hasFree(arena, family, words);
  return fits ? undefined : 'memory';
}

/**
 * Get-or-create of a series, or of the overflow series if the limit is reached.
 *
 * A series is counted after it has been published and born. So if a thread finds the limit reached, and no birth since
 * it searched for its key, no other thread has registered this key meanwhile. Threads that register different keys at
 * the same moment may all find the last place free: then each of them gets a series.
 *
 * @returns the series; with it the reason, if it is the overflow series
 */
export function registerSeries(
  arena: Arena,
  family: number,
  definition: Definition,
  wanted: WantedSeries,
): { series: RegisteredSeries; refusal?: Refusal } {
  const { labels, beyond, reuses } = wanted;
  let refusal: Refusal | undefined;
  for (let looksAgain = true; looksAgain; ) {
    const births = birthMark(arena);
    const key = encodeSeriesKey(family, labels);
    const known = presentSeries(arena, findRecord(arena, key));
    if (known !== undefined) return { series: known };
    refusal = limitReached(arena, family, wanted);
    const record = refusal === undefined ? insertMember(arena, family, definition, key, reuses) : 0;
    // if it is gone, the recycler has just retired it: search again, which does not find it any more
    if (record !== 0 && !isGone(arena, record)) return { series: readSeries(arena, record) };
    looksAgain = record !== 0 || (refusal !== undefined && births !== birthMark(arena));
  }
  const { record } = insertSeries(arena, family, definition, encodeSeriesKey(family, beyond()), { isBeyond: true });
  if (record !== 0) showAgain(arena, record);
  return { series: readSeries(arena, record), refusal: refusal ?? 'memory' };
}

/** Registers a series and counts it as a member of its family. @returns the record, 0 without memory */
function insertMember(
  arena: Arena,
  family: number,
  definition: Definition,
  key: SeriesKey,
  reuses: boolean | undefined,
): number {
  const { record, fresh } = insertSeries(arena, family, definition, key, { reuses });
  if (fresh) Atomics.add(arena.i32, membersOf(family), 1);
  // a removed series is counted as a member by `showAgain`
  if (record !== 0) showAgain(arena, record);
  return record;
}

/** @returns the record, 0 without memory, and whether this call created it */
function insertSeries(
  arena: Arena,
  family: number,
  definition: Definition,
  { bytes, length }: SeriesKey,
  { isBeyond = false, reuses = false }: { isBeyond?: boolean; reuses?: boolean },
): { record: number; fresh: boolean } {
  let composed = 0;
  const kind = kindOf(definition);
  const cells = kind.cellWords(definition);
  const record = findOrInsert(arena, {
    kind: RECORD_KIND.SERIES,
    key: bytes.subarray(0, length),
    bodyWords: SERIES_BODY_WORDS,
    cellWords: cells,
    isLast: isBeyond,
    reuse: reuses ? (words) => takeFree(arena, family, words) : undefined,
    write(place) {
      composed = place;
      const epoch = kind.hasEpoch ? arena.allocateEpoch() : 0;
      if (kind.hasEpoch && epoch === 0) return false;
      const id = allocateCells(arena, cells);
      if (id === 0) return false;
      arena.i32[int(place + RECORD.SERIES)] = family;
      const lines = sizeClass(recordWords(SERIES_BODY_WORDS, length, 0));
      arena.i32[high(place + RECORD.SERIES_LIFE)] = (lines << SIZE_CLASS_SHIFT) | (isBeyond ? SERIES_FLAG.BEYOND : 0);
      arena.i32[high(place + RECORD.SERIES)] = id;
      arena.i32[int(place + RECORD.SERIES_COLUMN)] = allocateColumns(arena, columnCount(definition));
      arena.i32[high(place + RECORD.SERIES_COLUMN)] = epoch;
      arena.f64[place + RECORD.SERIES_START] = Date.now();
      return true;
    },
  });
  return { record, fresh: record !== 0 && record === composed };
}

export function readSeries({ i32 }: Arena, record: number): RegisteredSeries {
  if (record === 0) return NO_ROOM;
  return {
    id: i32[high(record + RECORD.SERIES)],
    epoch: i32[high(record + RECORD.SERIES_COLUMN)],
    column: i32[int(record + RECORD.SERIES_COLUMN)],
    record,
  };
}
