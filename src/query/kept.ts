/** Estimated bytes that the engines of a thread cache for expressions that are evaluated repeatedly. */
export const MOST_KEPT_BYTES = 48 * 2 ** 20;
/** Milliseconds for which an entry that was used once stays cached: most rules are evaluated once a minute. */
const GRACE_MS = 120_000;

/** A cache entry, which can be computed again. */
export interface Forgettable {
  forget(): void;
}

interface Entry {
  readonly bytes: number;
  /** The time of its last use, and the interval between its last two uses. */
  readonly usedAt: number;
  readonly interval: number;
}

/** The cache in LRU order: the least recently used entry comes first. */
const kept = new Map<Forgettable, Entry>();
let total = 0;

/**
 * Caches an entry if there is room. Evicts only entries that have been unused for twice the interval between their last
 * two uses. Plain LRU eviction would thrash: if rules that are evaluated in turn need more memory than the bound, each
 * would evict what the next one needs, and there would never be a hit.
 *
 * @returns whether the entry is cached
 */
export function keep(one: Forgettable, bytes: number, now = performance.now()): boolean {
  const known = kept.get(one);
  if (known !== undefined) drop(one, known);
  if (bytes > MOST_KEPT_BYTES || !makeRoom(total + bytes - MOST_KEPT_BYTES, now)) return false;
  kept.set(one, { bytes, usedAt: now, interval: known === undefined ? 0 : now - known.usedAt });
  total += bytes;
  return true;
}

/** Marks an entry as used now. */
export function touch(one: Forgettable, now = performance.now()): void {
  const entry = kept.get(one);
  if (entry === undefined) return;
  kept.delete(one);
  kept.set(one, { bytes: entry.bytes, usedAt: now, interval: now - entry.usedAt });
}

/** Removes an entry from the cache. */
export function release(one: Forgettable): void {
  const entry = kept.get(one);
  if (entry !== undefined) drop(one, entry);
}

export function keptBytes(): number {
  return total;
}

/** Evicts entries that have been unused for long, if that frees enough bytes; otherwise evicts nothing. */
function makeRoom(bytes: number, now: number): boolean {
  const leaving: [Forgettable, Entry][] = [];
  let room = 0;
  for (const [one, entry] of kept) {
    if (room >= bytes) break;
    if (now - entry.usedAt <= Math.max(2 * entry.interval, GRACE_MS)) continue;
    leaving.push([one, entry]);
    room += entry.bytes;
  }
  if (room < bytes) return false;
  for (const [one, entry] of leaving) {
    drop(one, entry);
    one.forget();
  }
  return true;
}

function drop(one: Forgettable, { bytes }: Entry): void {
  kept.delete(one);
  total -= bytes;
}
