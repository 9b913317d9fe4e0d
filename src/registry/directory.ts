import { type Arena, bitsOf } from '../arena/arena';
import {
  alignToLine,
  FAMILY_STATE,
  HEADER,
  high,
  int,
  PAGE_MASK,
  PAGE_WORDS,
  RECORD,
  RECORD_KIND,
  VOID_ENTRY,
  WORD_BYTES,
} from '../arena/layout';
import { abandon, isGone, revive } from '../arena/lives';

/**
 * The directory of families and series in shared memory: append-only, readable by every thread, no locks.
 *
 * A record is written whole, listed in the directory, and then published by the compare-and-swap that makes it the head
 * of its hash chain. A thread that finds the record in its chain may use it. A directory entry is valid once the record
 * is reachable in its chain; that of a family, once the family stands (see overlap.ts).
 *
 * A series is born after it has been published: it takes the next number of HEADER.BIRTHS. So a thread that reads first
 * the number of births and then the directory finds all series born by then. The publishing thread assigns the birth;
 * another thread that finds a published record without one assigns it instead.
 *
 * Guarantees: two threads that register the same key at once get the same record. A thread that is terminated at any
 *   point leaves at most an unreachable entry, for which no thread ever held a handle. No thread waits.
 * Progress: lock-free; a lost race means that another thread's record was published.
 */
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

/** FNV-1a. Keys are short and compared byte by byte anyway. */
function hashOf(key: Uint8Array, length: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < length; i++) hash = Math.imul(hash ^ key[i], 0x01000193);
  return hash | 0;
}

function isFamily(arena: Arena, record: number): boolean {
  return arena.i32[high(record + RECORD.KEY)] === RECORD_KIND.FAMILY;
}

/** First byte of a record's key. */
function keyStart(arena: Arena, record: number): number {
  const family = isFamily(arena, record);
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

/** A key that is looked for: the first bytes of a buffer. */
interface Sought {
  kind: number;
  hash: number;
  key: Uint8Array;
  length: number;
}

function holds(arena: Arena, record: number, { kind, hash, key, length }: Sought): boolean {
  const { i32, u8 } = arena;
  if (i32[high(record + RECORD.CHAIN)] !== hash || i32[high(record + RECORD.KEY)] !== kind) return false;
  if (keyLength(arena, record) !== length) return false;
  const start = keyStart(arena, record);
  for (let i = 0; i < length; i++) if (u8[start + i] !== key[i]) return false;
  return kind !== RECORD_KIND.SERIES || !isGone(arena, record);
}

/** Searches one chain from `from` down to, but not including, `until`. */
function search(arena: Arena, from: number, until: number, sought: Sought): number {
  let record = from;
  while (record !== 0 && record !== until) {
    if (holds(arena, record, sought)) return record;
    record = arena.i32[int(record + RECORD.CHAIN)];
  }
  return 0;
}

/** The published record whose key is the first `length` bytes of `key`, or 0. A series that is found has been born. */
export function find(arena: Arena, kind: number, key: Uint8Array, length = key.length): number {
  const hash = hashOf(key, length);
  const record = search(arena, Atomics.load(arena.i32, chainOf(arena, hash)), 0, { kind, hash, key, length });
  return born(arena, kind, record);
}

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

function nextBirth(i64: BigInt64Array): bigint {
  return bitsOf(Number(Atomics.add(i64, HEADER.BIRTHS, 1n)) + 1);
}

/** Gives a found record its birth, if it is a series without one. */
function born(arena: Arena, kind: number, record: number): number {
  if (kind === RECORD_KIND.SERIES && record !== 0) bear(arena, record);
  return record;
}

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

/** Takes a record out of its chain. Called by the holder of the lock of the lives; others only prepend records. */
export function unlink(arena: Arena, record: number): void {
  const { i32 } = arena;
  const chain = chainOf(arena, i32[high(record + RECORD.CHAIN)]);
  const next = i32[int(record + RECORD.CHAIN)];
  if (Atomics.compareExchange(i32, chain, record, next) === record) return;
  let before = Atomics.load(i32, chain);
  while (before !== 0 && i32[int(before + RECORD.CHAIN)] !== record) before = i32[int(before + RECORD.CHAIN)];
  if (before !== 0) Atomics.store(i32, int(before + RECORD.CHAIN), next);
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

/** Words of a record. */
export function recordWords(bodyWords: number, keyBytes: number, tailBytes: number): number {
  return RECORD.KEY + 1 + bodyWords + Math.ceil(keyBytes / WORD_BYTES) + Math.ceil(tailBytes / WORD_BYTES);
}

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

/** Enters a record into the directory. Returns the Int32Array index of the entry, or 0 if the directory is full. */
function list(arena: Arena, record: number): number {
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
function counterOf(kind: number): number {
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

/** Start of the cells to reserve at this cursor: they never cross a page boundary. 0 if they do not fit. */
function cellsAfter(arena: Arena, cursor: number, words: number): number {
  const crosses = (cursor & PAGE_MASK) + words > PAGE_WORDS;
  const start = crosses ? (cursor | PAGE_MASK) + 1 : cursor;
  return start + words > arena.pageTableCapacity * PAGE_WORDS ? 0 : start;
}

/**
 * Reserves the cells of one series: consecutive ids, never across a page boundary. Lock-free.
 *
 * @returns the series id, or 0 if every page table is full
 */
export function allocateCells(arena: Arena, words: number): number {
  const { i32 } = arena;
  const cursor = int(HEADER.CELL_CURSOR);
  for (;;) {
    const seen = Atomics.load(i32, cursor);
    const start = cellsAfter(arena, seen, words);
    if (start === 0 || Atomics.compareExchange(i32, cursor, seen, start + words) === seen) return start;
  }
}
