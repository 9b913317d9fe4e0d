import type { Arena } from './arena';
import { HEADER, int, PAGE_MASK, PAGE_WORDS } from './layout';

/** Start of the cells to reserve at this cursor: they never cross a page boundary. 0 if they do not fit. */
export function cellsAfter(arena: Arena, cursor: number, words: number): number {
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
