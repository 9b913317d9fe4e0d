import type { Arena } from '../arena/arena';
import { alignToLine, high, int, RECORD, RECORD_CLASSES, SIZE_CLASS_SHIFT } from '../arena/layout';

/*
 * Records of series that are gone, by family and by size: nobody refers to them any more, see recycler.ts. What takes one
 * gives it another key; its cells, columns and life stay with it.
 */
const LINE_WORDS = alignToLine(1);

/** The size class of a record: how many cache lines it takes; 0 if its memory is not used again, since it takes too many. */
export function sizeClass(words: number): number {
  const lines = alignToLine(words) / LINE_WORDS;
  return lines > RECORD_CLASSES ? 0 : lines;
}

/** Int32Array index of the list of a family's free records of a size class, or 0 if there is none. */
function freeList(family: number, lines: number): number {
  return lines === 0 ? 0 : int(family + RECORD.FAMILY_FREE) + lines - 1;
}

/** The same for the list that a record belongs to. */
function listOf({ i32 }: Arena, record: number): number {
  return freeList(i32[int(record + RECORD.SERIES)], i32[high(record + RECORD.SERIES_LIFE)] >>> SIZE_CLASS_SHIFT);
}

/** Whether a record can be used again. */
export function isReusable(arena: Arena, record: number): boolean {
  return listOf(arena, record) !== 0;
}

/** Puts a record on its family's list. Only the holder of the lock of the lives calls this, in its time: see recycler.ts. */
export function giveBack(arena: Arena, record: number): void {
  const { i32 } = arena;
  const list = listOf(arena, record);
  for (;;) {
    const head = Atomics.load(i32, list);
    i32[int(record + RECORD.CHAIN)] = head;
    if (Atomics.compareExchange(i32, list, head, record) === head) return;
  }
}

/** Whether there is a record on a family's list for a key of such a size. */
export function hasFree({ i32 }: Arena, family: number, words: number): boolean {
  const list = freeList(family, sizeClass(words));
  return list !== 0 && Atomics.load(i32, list) !== 0;
}

/**
 * Takes a record off a family's list; 0 if there is none. Only threads that acknowledge call this: while one of them is
 * at it nothing is put on the list that has been taken off meanwhile.
 */
export function takeFree({ i32 }: Arena, family: number, words: number): number {
  const list = freeList(family, sizeClass(words));
  if (list === 0) return 0;
  for (;;) {
    const head = Atomics.load(i32, list);
    if (head === 0) return 0;
    const next = i32[int(head + RECORD.CHAIN)];
    if (Atomics.compareExchange(i32, list, head, next) === head) return head;
  }
}
