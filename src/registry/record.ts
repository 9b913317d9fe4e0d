import type { Arena } from '../arena/arena';
import { high, int, RECORD, RECORD_KIND, WORD_BYTES } from '../arena/layout';

export function isFamily(arena: Arena, record: number): boolean {
  return arena.i32[high(record + RECORD.KEY)] === RECORD_KIND.FAMILY;
}

/** First byte of a record's key. */
export function keyStart(arena: Arena, record: number): number {
  const family = isFamily(arena, record);
  const specWords = family ? arena.i32[high(record + RECORD.FAMILY_SIZES)] : 0;
  return (record + (family ? RECORD.SPEC + specWords : RECORD.SERIES_KEY)) * WORD_BYTES;
}

export function keyLength(arena: Arena, record: number): number {
  return arena.i32[int(record + RECORD.KEY)];
}

/** Where a record's key stands, in bytes of the arena. */
export function keySpan(arena: Arena, record: number): { start: number; end: number } {
  const start = keyStart(arena, record);
  return { start, end: start + keyLength(arena, record) };
}

/** Pointer to the bytes behind a record's key, rounded up to a word. */
export function tailOf(arena: Arena, record: number): number {
  return Math.ceil((keyStart(arena, record) + keyLength(arena, record)) / WORD_BYTES);
}

/** Words of a record. */
export function recordWords(bodyWords: number, keyBytes: number, tailBytes: number): number {
  return RECORD.KEY + 1 + bodyWords + Math.ceil(keyBytes / WORD_BYTES) + Math.ceil(tailBytes / WORD_BYTES);
}
