import type { Arena } from './arena';
import { alignToLine, high, int, RECORD, RECORD_CLASSES } from './layout';

/*
 * Records of series that are gone, by family and by size: nobody refers to them any more, see recycler.ts. What takes one
 * gives it another key; its cells, columns and life stay with it.
 */
const LINE_WORDS = alignToLine(1);

/** Int32Array index of the list of a family's free records for keys of such a size, or 0 if there is none. */
function freeList(family: number, words: number): number {
  const lines = alignToLine(words) / LINE_WORDS;
  return lines > RECORD_CLASSES ? 0 : int(family + RECORD.FAMILY_FREE) + lines - 1;
}

/** Whether a record can be used again. */
export function isReusable({ i32 }: Arena, record: number): boolean {
  return freeList(i32[int(record + RECORD.SERIES)], i32[high(record + RECORD.SERIES_BIRTH)]) !== 0;
}

/** Puts a record on its family's list. Only the holder of the lock of the lives calls this, in its time: see recycler.ts. */
export function giveBack({ i32 }: Arena, record: number): void {
  const list = freeList(i32[int(record + RECORD.SERIES)], i32[high(record + RECORD.SERIES_BIRTH)]);
  for (;;) {
    const head = Atomics.load(i32, list);
    i32[int(record + RECORD.CHAIN)] = head;
    if (Atomics.compareExchange(i32, list, head, record) === head) return;
  }
}

/** Whether there is a record on a family's list for a key of such a size. */
export function hasFree({ i32 }: Arena, family: number, words: number): boolean {
  const list = freeList(family, words);
  return list !== 0 && Atomics.load(i32, list) !== 0;
}

/**
 * Takes a record off a family's list; 0 if there is none. Only threads that acknowledge call this: while one of them is
 * at it nothing is put on the list that has been taken off meanwhile.
 */
export function takeFree({ i32 }: Arena, family: number, words: number): number {
  const list = freeList(family, words);
  if (list === 0) return 0;
  for (;;) {
    const head = Atomics.load(i32, list);
    if (head === 0) return 0;
    const next = i32[int(head + RECORD.CHAIN)];
    if (Atomics.compareExchange(i32, list, head, next) === head) return head;
  }
}
