// not the globals: there are realms that have none
import { TextEncoder } from 'node:util';
import type { Arena } from '../arena/arena';
import { HEADER, high, int, PAGE_WORDS, RECORD, RECORD_KIND } from '../arena/layout';
import { allocateCells, allocateColumns, find, findOrInsert, hasRoom, recordWords, tailOf } from '../arena/registry';
import { CHUNK_ENTRIES, cellWords, METRIC_TYPES, SLOTS } from './cells';
import { columnCount } from './columns';
import type { Definition, LabelPairs } from './definition';
import { encodeSeriesKey, type SeriesKey } from './series-key';

const encoder = new TextEncoder();

/** More bounds would not fit a page of cells. */
export const MAX_BUCKETS = PAGE_WORDS - CHUNK_ENTRIES;

/**
 * Get-or-create of a family by its name. What is returned may have been defined otherwise by someone else: compare. It is
 * shown once it is settled that it stands.
 *
 * @returns the record, or 0 if the arena is full
 */
export function registerFamily(arena: Arena, definition: Definition): number {
  const spec = specOf(definition);
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

/** The numbers that folding needs: bucket bounds, or the length and capacity of a window's slot. */
function specOf(definition: Definition): number[] {
  if (definition.type === 'histogram') return definition.buckets;
  if (definition.type !== 'summary') return [];
  return [(definition.maxAge * 1000) / SLOTS, Math.floor(definition.maxSamples / SLOTS)];
}

export function findFamily(arena: Arena, name: string): number {
  return find(arena, RECORD_KIND.FAMILY, encoder.encode(name));
}

export function readDefinition(arena: Arena, family: number): Definition {
  return JSON.parse(arena.text(tailOf(arena, family), arena.i32[int(family + RECORD.FAMILY_SIZES)]));
}

/** A series as the recording side needs it. */
export interface RegisteredSeries {
  /** 0 if the registry had no room: its events are dropped and counted. */
  id: number;
  /** Int32Array index of the word that a gauge takes its epochs from. */
  epoch: number;
  /** First column in a snapshot. */
  column: number;
}

const NO_ROOM: RegisteredSeries = { id: 0, epoch: int(HEADER.SPARE_EPOCH), column: 0 };
const SERIES_BODY_WORDS = RECORD.SERIES_KEY - RECORD.SERIES;

/** Why there is no series of its own for a label set: the metric has as many as it may, or the arena is full. */
export type Refusal = 'limit' | 'memory';

/** Which series is wanted. */
export interface WantedSeries {
  labels: LabelPairs;
  /** Most series of the metric. */
  limit: number;
  /** Labels of the series that is given beyond the limit. */
  beyond(): LabelPairs;
}

/** The series of a key, or undefined if nobody has registered it. */
export function findSeries(arena: Arena, key: SeriesKey): RegisteredSeries | undefined {
  const record = find(arena, RECORD_KIND.SERIES, key.bytes, key.length);
  return record === 0 ? undefined : readSeries(arena, record);
}

/** Why a series could not be registered now, if it could not. Takes nothing: meant for floods of label sets. */
export function whyRefused(
  arena: Arena,
  family: number,
  definition: Definition,
  key: SeriesKey,
  limit: number,
): Refusal | undefined {
  if (Atomics.load(arena.i32, membersOf(family)) >= limit) return 'limit';
  const words = recordWords(SERIES_BODY_WORDS, key.length, 0);
  return hasRoom(arena, words, cellWords(definition.type, definition.buckets.length)) ? undefined : 'memory';
}

/**
 * Get-or-create of a series, or of the one that those beyond the limit share.
 *
 * @returns the series, and why it is not the one that was asked for, if it is not
 */
export function registerSeries(
  arena: Arena,
  family: number,
  definition: Definition,
  { labels, limit, beyond }: WantedSeries,
): { series: RegisteredSeries; refusal?: Refusal } {
  const key = encodeSeriesKey(family, labels);
  const known = findSeries(arena, key);
  if (known !== undefined) return { series: known };
  const members = membersOf(family);
  if (Atomics.add(arena.i32, members, 1) >= limit) {
    Atomics.sub(arena.i32, members, 1);
    const { record } = insertSeries(arena, family, definition, encodeSeriesKey(family, beyond()));
    return { series: readSeries(arena, record), refusal: 'limit' };
  }
  const { record, fresh } = insertSeries(arena, family, definition, key);
  if (!fresh) Atomics.sub(arena.i32, members, 1);
  return { series: readSeries(arena, record), refusal: record === 0 ? 'memory' : undefined };
}

/** Int32Array index of a family's number of series, the one beyond the limit not counted. */
function membersOf(family: number): number {
  return high(family + RECORD.FAMILY_TYPE);
}

/** @returns the record, 0 without memory, and whether it was made just now */
function insertSeries(
  arena: Arena,
  family: number,
  definition: Definition,
  { bytes, length }: SeriesKey,
): { record: number; fresh: boolean } {
  let composed = 0;
  const cells = cellWords(definition.type, definition.buckets.length);
  const record = findOrInsert(arena, {
    kind: RECORD_KIND.SERIES,
    key: bytes.subarray(0, length),
    bodyWords: SERIES_BODY_WORDS,
    cellWords: cells,
    write(place) {
      composed = place;
      const id = allocateCells(arena, cells);
      if (id === 0) return false;
      arena.i32[int(place + RECORD.SERIES)] = family;
      arena.i32[high(place + RECORD.SERIES)] = id;
      arena.i32[int(place + RECORD.SERIES_COLUMN)] = allocateColumns(arena, columnCount(definition));
      return true;
    },
  });
  return { record, fresh: record !== 0 && record === composed };
}

function readSeries({ i32 }: Arena, record: number): RegisteredSeries {
  if (record === 0) return NO_ROOM;
  return {
    id: i32[high(record + RECORD.SERIES)],
    epoch: high(record + RECORD.SERIES_COLUMN),
    column: i32[int(record + RECORD.SERIES_COLUMN)],
  };
}
