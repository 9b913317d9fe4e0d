import type { Arena } from '../arena/arena';
import { cellsAfter } from '../arena/cells';
import { alignToLine, HEADER, high, int, RECORD, RECORD_KIND, VOID_ENTRY, WORD_BYTES } from '../arena/layout';
import { abandon, revive } from '../arena/lives';
import { born, nextBirth } from './births';
import { counterOf, list } from './directory';
import { chainOf, hashOf, type Sought, search } from './hash-index';
import { keyStart, recordWords, tailOf } from './record';

/*
 * Get-or-create of records, without locks.
 *
 * A record is written whole, listed in the directory, and then published by the compare-and-swap that makes it the head
 * of its hash chain. A thread that finds the record in its chain may use it. A series is born after that: see births.ts.
 *
 * Guarantees: two threads that register the same key at once get the same record. A thread that is terminated at any
 *   point leaves at most an unreachable entry, for which no thread ever held a handle. No thread waits.
 * Progress: lock-free; a lost race means that another thread's record was published.
 */

/** A record to find or to create. */
export interface NewRecord {
  kind: number;
  key: Uint8Array;
  /** Words between the record's two fixed words and its key. */
  bodyWords: number;
  /** Bytes behind the key. */
  tail?: Uint8Array;
  /** Words of cells that the series needs in every shard. */
  cellWords: number;
  /** Whether it may use the reserves: SHARE_FOR_CELLS and SHARE_FOR_LAST. */
  isLast?: boolean;
  /** Takes a free record with room for `words`, in the hidden state, so that it can be reused; 0 if there is none. */
  reuse?(words: number): number;
  /** Writes the body while the record is still private to this thread. Returns false if its cells do not fit. */
  write(record: number): boolean;
}

/** Share of the arena that records must leave free: every series also needs cells in each shard that records it. */
const SHARE_FOR_CELLS = 1 / 4;
/** Share of the directory's places reserved for overflow series, which are shared by label sets that find no room. */
const SHARE_FOR_LAST = 1 / 64;

/** Get-or-create of the record with this key. Returns 0 if the arena or its directory is full. */
export function findOrInsert(arena: Arena, fresh: NewRecord): number {
  const { i32 } = arena;
  const { kind, key } = fresh;
  const sought = { kind, hash: hashOf(key, key.length), key, length: key.length };
  const chain = chainOf(arena, sought.hash);
  let seen = Atomics.load(i32, chain);
  const found = search(arena, seen, 0, sought);
  if (found !== 0) return born(arena, kind, found);

  const reused = fresh.reuse?.(wordsOf(fresh)) ?? 0;
  if (reused !== 0) return publishAgain(arena, reused, chain, seen, sought);
  const record = hasRoom(arena, wordsOf(fresh), fresh.cellWords, fresh.isLast) ? compose(arena, fresh, sought.hash) : 0;
  const entry = record === 0 ? 0 : list(arena, record);
  if (entry === 0) return 0;
  for (;;) {
    i32[int(record + RECORD.CHAIN)] = seen;
    const head = Atomics.compareExchange(i32, chain, seen, record);
    if (head === seen) break;
    const winner = search(arena, head, seen, sought);
    if (winner !== 0) {
      Atomics.store(i32, entry, VOID_ENTRY);
      return born(arena, kind, winner);
    }
    seen = head;
  }
  // Counted after the birth: a thread that finds the limit reached, and no birth since its search, has seen all series.
  born(arena, kind, record);
  Atomics.add(i32, counterOf(kind), 1);
  return record;
}

/** Publishes a reused record under its new key. It is in the directory already; if the race is lost, it is recycled. */
function publishAgain(arena: Arena, record: number, chain: number, from: number, sought: Sought): number {
  const { i32, i64, f64, u8 } = arena;
  // Store the new birth first: readers use it to detect that the record became another series.
  Atomics.store(i64, record + RECORD.SERIES_BIRTH, nextBirth(i64));
  Atomics.add(i32, int(HEADER.REBORN), 1);
  i32[high(record + RECORD.CHAIN)] = sought.hash;
  i32[int(record + RECORD.KEY)] = sought.length;
  u8.set(sought.key, keyStart(arena, record));
  f64[record + RECORD.SERIES_START] = Date.now();
  revive(arena, record);
  for (let seen = from; ; ) {
    i32[int(record + RECORD.CHAIN)] = seen;
    const head = Atomics.compareExchange(i32, chain, seen, record);
    if (head === seen) return record;
    const winner = search(arena, head, seen, sought);
    if (winner !== 0) {
      abandon(arena, record);
      return born(arena, RECORD_KIND.SERIES, winner);
    }
    seen = head;
  }
}

/**
 * Whether a record and its cells still fit. Checked before anything is reserved, since reserved memory is never freed:
 * a flood of label sets that do not fit must not leak memory. A record that does not fit now never will.
 */
export function hasRoom(arena: Arena, words: number, cellWords: number, isLast = false): boolean {
  const { i32 } = arena;
  const heap = Atomics.load(i32, int(HEADER.HEAP_CURSOR)) + alignToLine(words) + spareWords(arena, isLast);
  const places = i32[high(HEADER.DIRECTORY)] * (isLast ? 1 : 1 - SHARE_FOR_LAST);
  return (
    heap <= arena.f64.length &&
    Atomics.load(i32, int(HEADER.DIRECTORY_LENGTH)) < places &&
    cellsAfter(arena, Atomics.load(i32, int(HEADER.CELL_CURSOR)), cellWords) !== 0
  );
}

const spareWords = (arena: Arena, isLast = false): number => (isLast ? 0 : arena.f64.length * SHARE_FOR_CELLS);

const wordsOf = ({ bodyWords, key, tail }: NewRecord) => recordWords(bodyWords, key.length, tail?.length ?? 0);

/** Writes a new record, private to the calling thread until it is published. */
function compose(arena: Arena, fresh: NewRecord, hash: number): number {
  const { i32, u8 } = arena;
  const record = arena.allocate(wordsOf(fresh), spareWords(arena, fresh.isLast));
  if (record === 0) return 0;
  i32[high(record + RECORD.CHAIN)] = hash;
  i32[int(record + RECORD.KEY)] = fresh.key.length;
  i32[high(record + RECORD.KEY)] = fresh.kind;
  if (!fresh.write(record)) return 0;
  u8.set(fresh.key, keyStart(arena, record));
  if (fresh.tail !== undefined) u8.set(fresh.tail, tailOf(arena, record) * WORD_BYTES);
  return record;
}
