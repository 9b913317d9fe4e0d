import type { Arena } from './arena';
import { HEADER, high, int, PAGE_MASK, PAGE_WORDS, RECORD, RECORD_KIND, VOID_ENTRY, WORD_BYTES } from './layout';

/**
 * The directory of families and series in shared memory: append-only, readable by every thread, no locks.
 *
 * A record is written whole, listed in the directory, and then published by the compare-and-swap that makes it the head
 * of its hash chain. Whoever finds it in its chain may use it; a directory entry counts once its chain reaches it.
 *
 * Guarantees: two threads that register the same key at once get the same record. A thread that is terminated anywhere
 *   in between leaves at most an entry that no chain reaches, for which nobody ever held a handle. Nobody waits.
 * Progress: lock-free; a lost race means that another thread's record was published.
 */
export interface NewRecord {
  kind: number;
  key: Uint8Array;
  /** Words between the record's two fixed words and its key. */
  bodyWords: number;
  /** Bytes behind the key. */
  tail?: Uint8Array;
  /** Writes the body; the record is still private then. Returns false if something it needs does not fit. */
  write(record: number): boolean;
}

/** Names alone must not use up the arena: what is registered needs cells in every shard that records it. */
const SHARE_FOR_CELLS = 1 / 4;

/** FNV-1a. Keys are short and compared byte by byte anyway. */
export function hashOf(key: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key[i], 0x01000193);
  return hash | 0;
}

/** First byte of a record's key. */
function keyStart(arena: Arena, record: number): number {
  const family = arena.i32[high(record + RECORD.KEY)] === RECORD_KIND.FAMILY;
  const specWords = family ? arena.i32[high(record + RECORD.FAMILY_SIZES)] : 0;
  return (record + (family ? RECORD.SPEC + specWords : RECORD.SERIES_KEY)) * WORD_BYTES;
}

function keyLength(arena: Arena, record: number): number {
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

function chainOf(arena: Arena, hash: number): number {
  const chains = arena.i32[high(HEADER.HASH_INDEX)];
  return int(arena.i32[int(HEADER.HASH_INDEX)]) + (hash & (chains - 1));
}

function holds(arena: Arena, record: number, kind: number, hash: number, key: Uint8Array): boolean {
  const { i32, u8 } = arena;
  if (i32[high(record + RECORD.CHAIN)] !== hash || i32[high(record + RECORD.KEY)] !== kind) return false;
  if (keyLength(arena, record) !== key.length) return false;
  const start = keyStart(arena, record);
  for (let i = 0; i < key.length; i++) if (u8[start + i] !== key[i]) return false;
  return true;
}

/** Searches one chain from `from` down to, but not including, `until`. */
function search(arena: Arena, from: number, until: number, kind: number, hash: number, key: Uint8Array): number {
  let record = from;
  while (record !== 0 && record !== until) {
    if (holds(arena, record, kind, hash, key)) return record;
    record = arena.i32[int(record + RECORD.CHAIN)];
  }
  return 0;
}

/** The published record with this key, or 0. */
export function find(arena: Arena, kind: number, key: Uint8Array): number {
  const hash = hashOf(key);
  return search(arena, Atomics.load(arena.i32, chainOf(arena, hash)), 0, kind, hash, key);
}

/** The record with this key, which is made if there is none. 0 if the arena or its directory is full. */
export function findOrInsert(arena: Arena, fresh: NewRecord): number {
  const { i32 } = arena;
  const hash = hashOf(fresh.key);
  const chain = chainOf(arena, hash);
  let seen = Atomics.load(i32, chain);
  const found = search(arena, seen, 0, fresh.kind, hash, fresh.key);
  if (found !== 0) return found;

  const record = compose(arena, fresh, hash);
  const entry = record === 0 ? 0 : list(arena, record);
  if (entry === 0) return 0;
  Atomics.add(i32, counterOf(fresh.kind), 1);
  for (;;) {
    i32[int(record + RECORD.CHAIN)] = seen;
    const head = Atomics.compareExchange(i32, chain, seen, record);
    if (head === seen) return record;
    const winner = search(arena, head, seen, fresh.kind, hash, fresh.key);
    if (winner !== 0) {
      Atomics.store(i32, entry, VOID_ENTRY);
      Atomics.sub(i32, counterOf(fresh.kind), 1);
      return winner;
    }
    seen = head;
  }
}

/** Writes a record that only the caller knows yet. */
function compose(arena: Arena, fresh: NewRecord, hash: number): number {
  const { i32, u8 } = arena;
  const tail = fresh.tail ?? new Uint8Array();
  const keyWords = Math.ceil(fresh.key.length / WORD_BYTES);
  const words = RECORD.KEY + 1 + fresh.bodyWords + keyWords + Math.ceil(tail.length / WORD_BYTES);
  const record = arena.allocate(words, arena.f64.length * SHARE_FOR_CELLS);
  if (record === 0) return 0;
  i32[high(record + RECORD.CHAIN)] = hash;
  i32[int(record + RECORD.KEY)] = fresh.key.length;
  i32[high(record + RECORD.KEY)] = fresh.kind;
  if (!fresh.write(record)) return 0;
  u8.set(fresh.key, keyStart(arena, record));
  u8.set(tail, tailOf(arena, record) * WORD_BYTES);
  return record;
}

/** Enters a record into the directory. Returns the Int32Array index of the entry, or 0 if the directory is full. */
function list(arena: Arena, record: number): number {
  const { i32 } = arena;
  if (Atomics.load(i32, int(HEADER.DIRECTORY_LENGTH)) >= i32[high(HEADER.DIRECTORY)]) return 0;
  const place = Atomics.add(i32, int(HEADER.DIRECTORY_LENGTH), 1);
  if (place >= i32[high(HEADER.DIRECTORY)]) return 0;
  const entry = int(i32[int(HEADER.DIRECTORY)]) + place;
  Atomics.store(i32, entry, record);
  return entry;
}

/** Int32Array index of the number of families or of series. */
function counterOf(kind: number): number {
  return kind === RECORD_KIND.FAMILY ? int(HEADER.REGISTERED) : high(HEADER.REGISTERED);
}

/** How many directory entries have been given out. */
export function directoryLength(arena: Arena): number {
  return Math.min(Atomics.load(arena.i32, int(HEADER.DIRECTORY_LENGTH)), arena.i32[high(HEADER.DIRECTORY)]);
}

export type EntryState = 'live' | 'pending' | 'void';

/** What stands at one place of the directory, and whether it counts (yet). */
export function readEntry(arena: Arena, place: number): { record: number; state: EntryState } {
  const record = Atomics.load(arena.i32, int(arena.i32[int(HEADER.DIRECTORY)]) + place);
  if (record === VOID_ENTRY) return { record: 0, state: 'void' };
  if (record === 0) return { record: 0, state: 'pending' };
  const hash = arena.i32[high(record + RECORD.CHAIN)];
  let link = Atomics.load(arena.i32, chainOf(arena, hash));
  while (link !== 0 && link !== record) link = arena.i32[int(link + RECORD.CHAIN)];
  return { record, state: link === record ? 'live' : 'pending' };
}

/**
 * Reserves the cells of one series: consecutive in the space of cells, never across a page. Lock-free.
 *
 * @returns the series id, or 0 if every page table is full
 */
export function allocateCells(arena: Arena, words: number): number {
  const { i32 } = arena;
  const cursor = int(HEADER.CELL_CURSOR);
  const end = arena.pageTableCapacity * PAGE_WORDS;
  for (;;) {
    const seen = Atomics.load(i32, cursor);
    const crosses = (seen & PAGE_MASK) + words > PAGE_WORDS;
    const start = crosses ? (seen | PAGE_MASK) + 1 : seen;
    if (start + words > end) return 0;
    if (Atomics.compareExchange(i32, cursor, seen, start + words) === seen) return start;
  }
}

/** Reserves columns of a snapshot for one series. */
export function allocateColumns(arena: Arena, count: number): number {
  return Atomics.add(arena.i32, high(HEADER.CELL_CURSOR), count);
}

/** Columns given out so far: the width of a snapshot. */
export function columnsUsed(arena: Arena): number {
  return Atomics.load(arena.i32, high(HEADER.CELL_CURSOR));
}
