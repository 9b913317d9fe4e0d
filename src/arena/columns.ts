import type { Arena } from './arena';
import { HEADER, high } from './layout';

/** Columns of a snapshot are numbered in the order in which they are reserved, and never given back. */
const CURSOR = high(HEADER.CELL_CURSOR);

/** Reserves consecutive columns. Any thread. @returns the first one */
export function allocateColumns({ i32 }: Arena, count: number): number {
  return Atomics.add(i32, CURSOR, count);
}

/** Columns reserved so far: the width of a snapshot. */
export function columnsUsed({ i32 }: Arena): number {
  return Atomics.load(i32, CURSOR);
}
