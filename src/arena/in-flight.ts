import type { Arena } from './arena';
import { HEADER, high, int, RECORD, SERIES_FLAG } from './layout';

/*
 * Series that count work in flight: requests or calls that have begun and not ended. When a thread ends, its work in
 * flight is subtracted; a reset does not subtract it. A flag marks these series, and this list is for the cleanup.
 *
 * An entry of the list is one word: next entry | record of the series (int32 each).
 */
const LIST = int(HEADER.IN_FLIGHT);

/** Adds a series to the list. Idempotent, but a thread terminated between the two stores may leave a duplicate. */
export function markInFlight(arena: Arena, record: number): void {
  const { i32 } = arena;
  if (record === 0 || isInFlight(arena, record)) return;
  const entry = arena.allocate(1);
  if (entry === 0) return;
  i32[high(entry)] = record;
  for (let first = Atomics.load(i32, LIST); ; first = Atomics.load(i32, LIST)) {
    i32[int(entry)] = first;
    if (Atomics.compareExchange(i32, LIST, first, entry) === first) break;
  }
  Atomics.or(i32, high(record + RECORD.SERIES_LIFE), SERIES_FLAG.IN_FLIGHT);
}

/** Whether a series counts work in flight. */
export function isInFlight({ i32 }: Arena, record: number): boolean {
  return (Atomics.load(i32, high(record + RECORD.SERIES_LIFE)) & SERIES_FLAG.IN_FLIGHT) !== 0;
}

export function hasInFlight({ i32 }: Arena): boolean {
  return Atomics.load(i32, LIST) !== 0;
}

/** The ids of the series in the list. */
export function* inFlightIds(arena: Arena): Generator<number> {
  const { i32 } = arena;
  for (let entry = Atomics.load(i32, LIST); entry !== 0; entry = i32[int(entry)]) {
    const record = i32[high(entry)];
    // the memory of the record may belong to another series now
    if (isInFlight(arena, record)) yield i32[high(record + RECORD.SERIES)];
  }
}
