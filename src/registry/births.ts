import { type Arena, bitsOf } from '../arena/arena';
import { HEADER, int, RECORD, RECORD_KIND } from '../arena/layout';

/*
 * A series is born after it has been published: it takes the next number of HEADER.BIRTHS. So a thread that reads first
 * the number of births and then the directory finds all series born by then. The publishing thread assigns the birth;
 * another thread that finds a published record without one assigns it instead.
 */

/** Changes with every birth: if it is equal before and after a search, no series was born meanwhile. */
export function birthMark({ i32 }: Arena): number {
  return Atomics.load(i32, int(HEADER.BIRTHS));
}

/** The number of births so far. Every series born so far is in the directory. */
export function birthCount(arena: Arena): number {
  return arena.counted(HEADER.BIRTHS);
}

/** Number of a series among all births, from 0. A plain load; a new number is stored before the record is reused. */
export function birthOf({ f64 }: Arena, record: number): number {
  return f64[record + RECORD.SERIES_BIRTH] - 1;
}

/** When a series was registered, in wall-clock milliseconds. */
export function registeredAt({ f64 }: Arena, record: number): number {
  return f64[record + RECORD.SERIES_START];
}

/** Gives a published series its birth, if it has none. Any thread; of several, one succeeds; numbers may be skipped. */
export function bear({ i64 }: Arena, record: number): void {
  const word = record + RECORD.SERIES_BIRTH;
  if (Atomics.load(i64, word) !== 0n) return;
  Atomics.compareExchange(i64, word, 0n, nextBirth(i64));
}

export function nextBirth(i64: BigInt64Array): bigint {
  return bitsOf(Number(Atomics.add(i64, HEADER.BIRTHS, 1n)) + 1);
}

/** Gives a found record its birth, if it is a series without one. */
export function born(arena: Arena, kind: number, record: number): number {
  if (kind === RECORD_KIND.SERIES && record !== 0) bear(arena, record);
  return record;
}
