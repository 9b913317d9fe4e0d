import type { Budget } from './budget';

/** Items that are sorted in one go, at most. */
const AT_ONCE = 2_048;
/** Work that is done in one go, in some milliseconds at most. */
const WORK_AT_ONCE = 1_000_000;
/** Work of one comparison. */
const WORK = 20;
/** Characters of two texts that are compared with as much work as 1. */
const CHARACTERS = 8;

/** An array, or a typed one. */
type Sortable<T> = { readonly length: number; [index: number]: T };

/** The comparison of two items, and its cost. */
interface Order<T> {
  readonly compare: (a: T, b: T) => number;
  readonly work: number;
}

/**
 * Sorts in place and stably, as `Array.prototype.sort` does, and lets the event loop turn in between.
 *
 * @param work of one comparison
 */
export async function sortSlowly<T>(
  items: Sortable<T>,
  compare: (a: T, b: T) => number,
  budget: Budget,
  work = WORK,
): Promise<void> {
  const { length } = items;
  const atOnce = sortedAtOnce(work);
  for (let from = 0; from < length; from += atOnce) {
    const part = Array.from({ length: Math.min(atOnce, length - from) }, (_, at) => items[from + at]).sort(compare);
    for (let at = 0; at < part.length; at++) items[from + at] = part[at];
    if (budget.spend(part.length * work)) await budget.turn();
  }
  if (length <= atOnce) return;
  const before = budget.heldBytes;
  budget.holdEntries(length);
  const merged: T[] = [];
  for (let size = atOnce; size < length; size *= 2)
    for (let from = 0; from + size < length; from += 2 * size)
      await merge(
        items,
        { from, middle: from + size, end: Math.min(from + 2 * size, length) },
        merged,
        { compare, work },
        budget,
      );
  budget.releaseBytes(budget.heldBytes - before);
}

/** The number of items, a power of two, that can be sorted without letting the event loop turn. */
function sortedAtOnce(work: number): number {
  let items = AT_ONCE;
  while (items > 1 && items * Math.log2(items) * work > WORK_AT_ONCE) items /= 2;
  return items;
}

/** The items, sorted by their texts. */
export async function inOrderOf<T>(texts: readonly string[], items: readonly T[], budget: Budget): Promise<T[]> {
  budget.holdBytes(4 * texts.length);
  const order = new Uint32Array(texts.length);
  let characters = 0;
  const visit = (index: number): void => {
    order[index] = index;
    characters += texts[index].length;
  };
  await budget.each(texts.length, visit, 1);
  const work = WORK + characters / Math.max(1, texts.length) / CHARACTERS;
  const compare = (a: number, b: number): number => (texts[a] < texts[b] ? -1 : texts[a] > texts[b] ? 1 : 0);
  await sortSlowly<number>(order, compare, budget, work);
  const sorted: T[] = [];
  budget.holdEntries(items.length);
  await budget.each(order.length, (index) => sorted.push(items[order[index]]), 1);
  return sorted;
}

/** Merges two neighbouring parts that are sorted. The first one is copied to `scratch`. */
async function merge<T>(
  items: Sortable<T>,
  { from, middle, end }: { from: number; middle: number; end: number },
  scratch: T[],
  { compare, work }: Order<T>,
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
    if (budget.spend(work)) await budget.turn();
  }
}
