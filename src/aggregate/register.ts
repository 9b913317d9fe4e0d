import type { Arena } from '../arena/arena';
import { HEADER, high, int, PAGE_WORDS, RECORD, RECORD_KIND } from '../arena/layout';
import { allocateCells, allocateColumns, find, findOrInsert, tailOf } from '../arena/registry';
import { CHUNK_ENTRIES, cellWords, METRIC_TYPES, SLOTS } from './cells';
import { columnCount } from './columns';
import type { Definition, LabelPairs } from './definition';
import { encodeSeriesKey } from './series-key';

const encoder = new TextEncoder();

/** More bounds would not fit a page of cells. */
export const MAX_BUCKETS = PAGE_WORDS - CHUNK_ENTRIES;

/**
 * Get-or-create of a family by its name. What is returned may have been defined otherwise by someone else: compare.
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

/** Which series is wanted. */
export interface WantedSeries {
  labels: LabelPairs;
  /** Most series of the metric. */
  limit: number;
  /** Labels of the series that is given beyond the limit. */
  beyond(): LabelPairs;
}

/**
 * Get-or-create of a series, or of the one that those beyond the limit share.
 *
 * @returns the series, and whether it is the one that was asked for
 */
export function registerSeries(
  arena: Arena,
  family: number,
  definition: Definition,
  { labels, limit, beyond }: WantedSeries,
): { series: RegisteredSeries; own: boolean } {
  const key = encodeSeriesKey(family, labels);
  const known = find(arena, RECORD_KIND.SERIES, key);
  if (known !== 0) return { series: readSeries(arena, known), own: true };
  const members = high(family + RECORD.FAMILY_TYPE);
  if (Atomics.add(arena.i32, members, 1) >= limit) {
    Atomics.sub(arena.i32, members, 1);
    const { record } = insertSeries(arena, family, definition, encodeSeriesKey(family, beyond()));
    return { series: record === 0 ? NO_ROOM : readSeries(arena, record), own: false };
  }
  const { record, fresh } = insertSeries(arena, family, definition, key);
  if (!fresh) Atomics.sub(arena.i32, members, 1);
  return { series: record === 0 ? NO_ROOM : readSeries(arena, record), own: record !== 0 };
}

/** @returns the record, 0 without memory, and whether it was made just now */
function insertSeries(
  arena: Arena,
  family: number,
  definition: Definition,
  key: Uint8Array,
): { record: number; fresh: boolean } {
  let composed = 0;
  const record = findOrInsert(arena, {
    kind: RECORD_KIND.SERIES,
    key,
    bodyWords: RECORD.SERIES_KEY - RECORD.SERIES,
    write(place) {
      composed = place;
      const id = allocateCells(arena, cellWords(definition.type, definition.buckets.length));
      arena.i32[int(place + RECORD.SERIES)] = family;
      arena.i32[high(place + RECORD.SERIES)] = id;
      arena.i32[int(place + RECORD.SERIES_COLUMN)] = allocateColumns(arena, columnCount(definition));
      return id !== 0;
    },
  });
  return { record, fresh: record !== 0 && record === composed };
}

function readSeries(arena: Arena, record: number): RegisteredSeries {
  const { i32 } = arena;
  return {
    id: i32[high(record + RECORD.SERIES)],
    epoch: high(record + RECORD.SERIES_COLUMN),
    column: i32[int(record + RECORD.SERIES_COLUMN)],
  };
}
