import type { Arena } from '../arena/arena';
import { HEADER, high, int, RECORD, RECORD_KIND } from '../arena/layout';
import { isGone } from '../arena/lives';
import { born } from './births';
import { keyLength, keyStart } from './record';

/*
 * The hash index: chains of published records, by the hash of their key. Records are prepended without a lock, by a
 * compare-and-swap of the head of the chain; only the holder of the lock of the lives takes one out.
 */

/** FNV-1a. Keys are short and compared byte by byte anyway. */
export function hashOf(key: Uint8Array, length: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < length; i++) hash = Math.imul(hash ^ key[i], 0x01000193);
  return hash | 0;
}

export function chainOf(arena: Arena, hash: number): number {
  const chains = arena.i32[high(HEADER.HASH_INDEX)];
  return int(arena.i32[int(HEADER.HASH_INDEX)]) + (hash & (chains - 1));
}

/** A key that is looked for: the first bytes of a buffer. */
export interface Sought {
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
export function search(arena: Arena, from: number, until: number, sought: Sought): number {
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
