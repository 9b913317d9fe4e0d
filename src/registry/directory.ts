import type { Arena } from '../arena/arena';
import { FAMILY_STATE, HEADER, high, int, RECORD, RECORD_KIND, VOID_ENTRY } from '../arena/layout';
import { chainOf } from './hash-index';
import { isFamily } from './record';

/*
 * The directory: an append-only list of records, which every thread reads without a lock. An entry is valid once its record
 * is reachable in its hash chain; that of a family, once the family stands (see overlap.ts).
 */

/** Enters a record into the directory. Returns the Int32Array index of the entry, or 0 if the directory is full. */
export function list(arena: Arena, record: number): number {
  const { i32 } = arena;
  if (Atomics.load(i32, int(HEADER.DIRECTORY_LENGTH)) >= i32[high(HEADER.DIRECTORY)]) return 0;
  const place = Atomics.add(i32, int(HEADER.DIRECTORY_LENGTH), 1);
  if (place >= i32[high(HEADER.DIRECTORY)]) return 0;
  if (isFamily(arena, record)) i32[int(record + RECORD.FAMILY_PLACE)] = place;
  const entry = int(i32[int(HEADER.DIRECTORY)]) + place;
  Atomics.store(i32, entry, record);
  return entry;
}

/** Int32Array index of the number of families or of series. */
export function counterOf(kind: number): number {
  return kind === RECORD_KIND.FAMILY ? int(HEADER.REGISTERED) : high(HEADER.REGISTERED);
}

/** How many directory entries have been given out. */
export function directoryLength(arena: Arena): number {
  return Math.min(Atomics.load(arena.i32, int(HEADER.DIRECTORY_LENGTH)), arena.i32[high(HEADER.DIRECTORY)]);
}

/** See `FAMILY_STATE`. */
export function familyState(arena: Arena, family: number): number {
  return Atomics.load(arena.i32, high(family + RECORD.FAMILY_PLACE));
}

/** Result of `readEntry` for an entry that is not valid yet. */
export const PENDING_ENTRY = 0;

/** The record at one place of the directory; PENDING_ENTRY if it is not valid yet, VOID_ENTRY if it never will be. */
export function readEntry(arena: Arena, place: number): number {
  const record = Atomics.load(arena.i32, int(arena.i32[int(HEADER.DIRECTORY)]) + place);
  if (record === VOID_ENTRY || record === PENDING_ENTRY) return record;
  if (isFamily(arena, record) && familyState(arena, record) !== FAMILY_STATE.STANDS) return PENDING_ENTRY;
  const hash = arena.i32[high(record + RECORD.CHAIN)];
  let link = Atomics.load(arena.i32, chainOf(arena, hash));
  while (link !== 0 && link !== record) link = arena.i32[int(link + RECORD.CHAIN)];
  return link === record ? record : PENDING_ENTRY;
}
