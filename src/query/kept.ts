/** Bytes that the engines of a thread keep for expressions that are evaluated again, as they are estimated. */
export const MOST_KEPT_BYTES = 48 * 2 ** 20;

/** Something that is kept and can be made again. */
interface Forgettable {
  forget(): void;
}

/** What is kept, with its bytes; the one that was not used for the longest time comes first. */
const kept = new Map<Forgettable, number>();
let total = 0;

/** Notes what is kept, and forgets what was not used for the longest time (LRU) while that is too much. */
export function keep(one: Forgettable, bytes: number): void {
  total += bytes - (kept.get(one) ?? 0);
  kept.delete(one);
  kept.set(one, bytes);
  for (const [oldest, size] of kept) {
    if (total <= MOST_KEPT_BYTES) return;
    kept.delete(oldest);
    total -= size;
    oldest.forget();
  }
}

/** Notes that something was used. */
export function touch(one: Forgettable): void {
  const bytes = kept.get(one);
  if (bytes === undefined) return;
  kept.delete(one);
  kept.set(one, bytes);
}

export function keptBytes(): number {
  return total;
}
