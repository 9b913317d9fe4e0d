/** Bytes that the engines of a thread keep for expressions that are evaluated again, as they are estimated. */
export const MOST_KEPT_BYTES = 48 * 2 ** 20;
/** Milliseconds for which something is kept that was used once: rules are mostly evaluated once a minute. */
const GRACE_MS = 120_000;

/** Something that is kept and can be made again. */
export interface Forgettable {
  forget(): void;
}

interface Entry {
  readonly bytes: number;
  /** When it was used last, and how long that was after the time before. */
  readonly usedAt: number;
  readonly interval: number;
}

/** What is kept; the one that was not used for the longest time comes first. */
const kept = new Map<Forgettable, Entry>();
let total = 0;

/**
 * Keeps something, if there is room. Only what was not used for twice as long as between its last two uses makes room:
 * rules that are evaluated in turn, and need more than there is room for, would otherwise each forget what the next one
 * needs, and nothing would ever be used again.
 *
 * @returns whether it is kept
 */
export function keep(one: Forgettable, bytes: number, now = performance.now()): boolean {
  const known = kept.get(one);
  if (known !== undefined) drop(one, known);
  if (bytes > MOST_KEPT_BYTES || !makeRoom(total + bytes - MOST_KEPT_BYTES, now)) return false;
  kept.set(one, { bytes, usedAt: now, interval: known === undefined ? 0 : now - known.usedAt });
  total += bytes;
  return true;
}

/** Notes that something was used. */
export function touch(one: Forgettable, now = performance.now()): void {
  const entry = kept.get(one);
  if (entry === undefined) return;
  kept.delete(one);
  kept.set(one, { bytes: entry.bytes, usedAt: now, interval: now - entry.usedAt });
}

/** Notes that something is not kept any more. */
export function release(one: Forgettable): void {
  const entry = kept.get(one);
  if (entry !== undefined) drop(one, entry);
}

export function keptBytes(): number {
  return total;
}

/** Forgets what is unused for long, if that gives enough room; nothing otherwise. */
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
