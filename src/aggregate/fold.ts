import type { Arena } from '../arena/arena';
import {
  CLOCK_STEP_MS,
  high,
  int,
  OPERATION,
  OPERATION_SHIFT,
  PAGE_MASK,
  PAGE_SHIFT,
  PAGE_WORDS,
  RECORD,
} from '../arena/layout';
import { BINS, GAUGE, HISTOGRAM, SLOT, SLOTS, SUMMARY } from './cells';
import { binOf, chunkCounts, clearSlot, octaveOf } from './sketch';

/**
 * The first cell of a series in the shard that a page table belongs to; the page is allocated at the first use. Called by
 * whoever may write those cells: the holder of the shard's lock (cells), or the shard's owner (overflow cells).
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
 * Applies one event to the cells of its series. Called by whoever may write them.
 *
 * The caller can be terminated at any function entry and at any loop edge, but not between two stores. So every case
 * first finds and computes everything, and then does its stores in one straight line that ends with
 * `f64[progress] = done`, the caller's count of events folded: a killed thread neither loses nor repeats an event. Where
 * an event takes several stores, the line begins and ends with the sequence word, for those who read without the lock:
 * atomically if the cells are written without a lock, plainly if the caller holds the shard's lock. See sequence-lock.ts.
 *
 * @param cell from `cellOf`; 0 is refused
 * @param progress word that counts the caller's folded events, and `done`, what it counts to with this one
 * @param isShared whether others may read these cells at this moment: the owner's overflow cells
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

function foldObservation(
  arena: Arena,
  cell: number,
  family: number,
  value: number,
  progress: number,
  done: number,
  isShared: boolean,
): boolean {
  const { i32, f64 } = arena;
  const bounds = family + RECORD.SPEC;
  let low = 0;
  let top = i32[high(family + RECORD.FAMILY_SIZES)];
  while (low < top) {
    const middle = (low + top) >>> 1;
    if (value <= f64[bounds + middle]) top = middle;
    else low = middle + 1;
  }
  const sequence = int(cell);
  const version = i32[sequence] | 1;
  if (isShared) Atomics.exchange(i32, sequence, version);
  else i32[sequence] = version;
  f64[cell + HISTOGRAM.COUNTS + low] += 1;
  f64[cell + HISTOGRAM.SUM] += value;
  if (isShared) Atomics.store(i32, sequence, (version + 1) | 0);
  else i32[sequence] = (version + 1) | 0;
  f64[progress] = done;
  return true;
}

/**
 * `set` is NaN for an addition, which a finite event value never is. An epoch that is not that of the cells is a later
 * one: a thread's events are folded in the order it recorded them, and the epochs it sees only grow. So they are never
 * compared by size, and may wrap.
 */
function foldGauge(
  arena: Arena,
  cell: number,
  epoch: number,
  set: number,
  added: number,
  progress: number,
  done: number,
  isShared: boolean,
): boolean {
  const { i32, f64 } = arena;
  const epochs = int(cell + GAUGE.EPOCHS);
  const isNew = epoch !== i32[epochs];
  const value = f64[cell + GAUGE.VALUE];
  const sum = f64[cell + GAUGE.ADDED];
  const oldEpoch = i32[isNew ? epochs : epochs + 1];
  const oldValue = isNew ? value : f64[cell + GAUGE.OLD_VALUE];
  const oldSum = isNew ? sum : f64[cell + GAUGE.OLD_ADDED];
  const newValue = isNew || !Number.isNaN(set) ? set : value;
  const newSum = isNew ? added : sum + added;
  const sequence = int(cell);
  const version = i32[sequence] | 1;
  if (isShared) Atomics.exchange(i32, sequence, version);
  else i32[sequence] = version;
  f64[cell + GAUGE.OLD_VALUE] = oldValue;
  f64[cell + GAUGE.OLD_ADDED] = oldSum;
  i32[epochs + 1] = oldEpoch;
  i32[epochs] = epoch;
  f64[cell + GAUGE.VALUE] = newValue;
  f64[cell + GAUGE.ADDED] = newSum;
  if (isShared) Atomics.store(i32, sequence, (version + 1) | 0);
  else i32[sequence] = (version + 1) | 0;
  f64[progress] = done;
  return true;
}

function foldSummary(
  arena: Arena,
  cell: number,
  family: number,
  value: number,
  progress: number,
  done: number,
  isShared: boolean,
): boolean {
  const { i32, f64 } = arena;
  halfView[0] = value;
  const octave = octaveOf(halves[1]);
  const counts = chunkCounts(arena, cell, octave);
  if (counts === 0) return false;
  const slot = currentSlot(arena, cell, f64[family + RECORD.SPEC], f64[family + RECORD.SPEC + 1]);
  const state = cell + SUMMARY.SLOTS + slot * SLOT.WORDS;
  const bin = counts + slot * BINS + binOf(halves[1]);
  const min = f64[state + SLOT.MIN];
  const max = f64[state + SLOT.MAX];
  const newMin = Math.min(value, min);
  const newMax = Math.max(value, max);
  const sequence = int(cell);
  const version = i32[sequence] | 1;
  if (isShared) Atomics.exchange(i32, sequence, version);
  else i32[sequence] = version;
  i32[bin] += 1;
  f64[state + SLOT.MIN] = newMin;
  f64[state + SLOT.MAX] = newMax;
  f64[state + SLOT.SUM] += value;
  f64[state + SLOT.COUNT] += 1;
  f64[cell + SUMMARY.SUM] += value;
  f64[cell + SUMMARY.COUNT] += 1;
  if (isShared) Atomics.store(i32, sequence, (version + 1) | 0);
  else i32[sequence] = (version + 1) | 0;
  f64[progress] = done;
  return true;
}

const halfView = new Float64Array(1);
const halves = new Int32Array(halfView.buffer);

/**
 * The slot that new values go to; moves on to the oldest one when the current is old or full. A slot begins later than the
 * cut, even if the clock as this thread sees it does not show so late a time yet.
 */
function currentSlot(arena: Arena, cell: number, slotMilliseconds: number, slotSamples: number): number {
  const { i32, f64 } = arena;
  const cut = f64[cell + SUMMARY.CUT];
  const now = Math.max(arena.clock(), cut + CLOCK_STEP_MS);
  const slot = i32[high(cell + SUMMARY.SEQUENCE)];
  const state = cell + SUMMARY.SLOTS + slot * SLOT.WORDS;
  const began = f64[state + SLOT.BEGAN];
  const counts = began > cut && now - began < slotMilliseconds;
  if (counts && f64[state + SLOT.COUNT] < slotSamples) return slot;
  const next = began === 0 ? slot : (slot + 1) % SLOTS;
  clearSlot(arena, cell, next);
  const nextState = cell + SUMMARY.SLOTS + next * SLOT.WORDS;
  f64[nextState + SLOT.BEGAN] = now;
  i32[high(cell + SUMMARY.SEQUENCE)] = next;
  return next;
}
