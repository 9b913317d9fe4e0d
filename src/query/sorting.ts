import type { Budget } from './budget';

/** Items that are sorted in one go, in some milliseconds at most. */
const AT_ONCE = 2_048;
/** Work of one comparison. */
const WORK = 20;

/** An array, or a typed one. */
type Sortable<T> = { readonly length: number; [index: number]: T };

/** Sorts in place and stably, as `Array.prototype.sort` does, and lets the event loop turn in between. */
export async function sortSlowly<T>(
  items: Sortable<T>,
  compare: (a: T, b: T) => number,
  budget: Budget,
): Promise<void> {
  const { length } = items;
  for (let from = 0; from < length; from += AT_ONCE) {
    const part = Array.from({ length: Math.min(AT_ONCE, length - from) }, (_, at) => items[from + at]).sort(compare);
    for (let at = 0; at < part.length; at++) items[from + at] = part[at];
    if (budget.spend(part.length * WORK)) await budget.turn();
  }
  if (length <= AT_ONCE) return;
  const before = budget.heldBytes;
  budget.holdEntries(length);
  const merged: T[] = [];
  for (let size = AT_ONCE; size < length; size *= 2)
    for (let from = 0; from + size < length; from += 2 * size)
      await merge(
        items,
        { from, middle: from + size, end: Math.min(from + 2 * size, length) },
        merged,
        compare,
        budget,
      );
  budget.releaseBytes(budget.heldBytes - before);
}

/** Merges two neighbouring parts that are sorted. The first one is copied to `scratch`. */
async function merge<T>(
  items: Sortable<T>,
  { from, middle, end }: { from: number; middle: number; end: number },
  scratch: T[],
  compare: (a: T, b: T) => number,
  budget: Budget,
): Promise<void> {
  for (let at = from; at < middle; at++) {
    scratch[at - from] = items[at];
    if (budget.spend(1)) await budget.turn();
  }
  let left = 0;
  let right = middle;
  const count = middle - from;
  for (let at = from; left < count; at++) {
    const takesRight = right < end && compare(items[right], scratch[left]) < 0;
    items[at] = takesRight ? items[right++] : scratch[left++];
    if (budget.spend(WORK)) await budget.turn();
  }
}
