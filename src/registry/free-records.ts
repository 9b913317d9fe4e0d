import type { Arena } from '../arena/arena';
import { alignToLine, high, int, RECORD, RECORD_CLASSES, SIZE_CLASS_SHIFT } from '../arena/layout';

/*
 * Free lists, by family and size, of the records of gone series, to which no thread refers any more: see recycler.ts. A
 * thread that takes a record gives it another key. The record keeps its cells, columns and life.
 */
const LINE_WORDS = alignToLine(1);

/** The size class of a record: its number of cache lines; 0 if it has too many to be reused. */
export function sizeClass(words: number): number {
  const lines = alignToLine(words) / LINE_WORDS;
  return lines > RECORD_CLASSES ? 0 : lines;
}

/** Int32Array index of the list of a family's free records of a size class, or 0 if there is none. */
function freeList(family: number, lines: number): number {
  return lines === 0 ? 0 : int(family + RECORD.FAMILY_FREE) + lines - 1;
}

/** Int32Array index of the list that a record belongs to, or 0 if there is none. */
function listOf({ i32 }: Arena, record: number): number {
  return freeList(i32[int(record + RECORD.SERIES)], i32[high(record + RECORD.SERIES_LIFE)] >>> SIZE_CLASS_SHIFT);
}

/** Whether a record can be used again. */
export function isReusable(arena: Arena, record: number): boolean {
  return listOf(arena, record) !== 0;
}

/** Puts a record on its family's list. Called by the holder of the lock of the lives after LEAVING: see recycler.ts. */
export function giveBack(arena: Arena, record: number): void {
  const { i32 } = arena;
  const list = listOf(arena, record);
  for (;;) {
    const head = Atomics.load(i32, list);
    i32[int(record + RECORD.CHAIN)] = head;
    if (Atomics.compareExchange(i32, list, head, record) === head) return;
  }
}

/** Whether a family's list has a record of this size. */
export function hasFree({ i32 }: Arena, family: number, words: number): boolean {
  const list = freeList(family, sizeClass(words));
  return list !== 0 && Atomics.load(i32, list) !== 0;
}

/**
 * Takes a record off a family's list; 0 if there is none. Called only by threads that acknowledge the retire sequence:
 * so no record can be taken off and put back during this call, which would break its compare-and-swap (ABA).
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
