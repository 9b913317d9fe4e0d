import type { Arena } from '../arena/arena';
import { OPERATION, OPERATION_SHIFT, PAGE_MASK, PAGE_SHIFT, PAGE_WORDS } from '../arena/layout';
import { foldGauge } from './gauge';
import { foldObservation } from './histogram';
import { foldSummary } from './summary';

/**
 * The first cell of a series in the shard that a page table belongs to; the page is allocated at the first use. Called
 * by the thread that may write those cells: the holder of the shard's lock (cells) or its owner (overflow cells).
 *
 * @returns 0 if there is no memory, or for series 0, which stands for "no room in the registry"
 */
export function cellOf(arena: Arena, table: number, series: number): number {
  if (series === 0) return 0;
  const page = arena.i32[table + (series >>> PAGE_SHIFT)] || newPage(arena, table, series);
  return page === 0 ? 0 : page + (series & PAGE_MASK);
}

function newPage(arena: Arena, table: number, series: number): number {
  const page = arena.allocate(PAGE_WORDS);
  if (page !== 0) Atomics.store(arena.i32, table + (series >>> PAGE_SHIFT), page);
  return page;
}

/**
 * Applies one event to the cells of its series. Only the thread that may write these cells calls this.
 *
 * The caller can be terminated at any function entry and at any loop edge, but not between two stores. So every case
 * first finds and computes everything, and then does its stores in one straight line that ends with
 * `f64[progress] = done`, the caller's count of events folded: a killed thread neither loses nor repeats an event. Where
 * an event takes several stores, the line begins and ends with the sequence word, for readers without the lock. It is
 * stored atomically if the cells are written without a lock, and plainly under the shard's lock. See sequence-lock.ts.
 *
 * @param cell from `cellOf`; if it is 0, the result is false
 * @param progress word that counts the caller's folded events; `done` is its value after this event
 * @param isShared whether other threads may read these cells at this moment: true for the owner's overflow cells
 * @returns false if there is no memory for the event; nothing has been stored then
 */
export function fold(
  arena: Arena,
  cell: number,
  code: number,
  aux: number,
  value: number,
  progress: number,
  done: number,
  isShared: boolean,
): boolean {
  if (cell === 0) return false;
  switch (code >>> OPERATION_SHIFT) {
    case OPERATION.COUNTER_ADD: {
      const { f64 } = arena;
      f64[cell] += value;
      f64[progress] = done;
      return true;
    }
    case OPERATION.OBSERVE:
      return foldObservation(arena, cell, aux, value, progress, done, isShared);
    case OPERATION.GAUGE_SET:
      return foldGauge(arena, cell, aux, value, 0, progress, done, isShared);
    case OPERATION.GAUGE_ADD:
      return foldGauge(arena, cell, aux, Number.NaN, value, progress, done, isShared);
    case OPERATION.SUMMARIZE:
      return foldSummary(arena, cell, aux, value, progress, done, isShared);
    default:
      return false;
  }
}
