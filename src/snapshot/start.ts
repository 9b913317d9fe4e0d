import type { Family } from '../registry/family';
import type { Snapshot } from './snapshot';

/**
 * Since when a series of a snapshot counts, in wall-clock milliseconds: its registration; its last reset; or, for a
 * series that was removed and has come back, the last collect without it, or its removal if there was none. Never later
 * than the snapshot, though the wall clock may have been set back.
 *
 * To be called immediately after `presenceIn` has found the series: its record may be reused later.
 */
export function startOf(
  { values, timestamp }: Pick<Snapshot, 'values' | 'timestamp'>,
  family: Family,
  index: number,
): number {
  const column = family.startColumn(index);
  const begunAgain = column >= 0 && column < values.length ? values[column] : 0;
  return Math.min(begunAgain || family.registeredAt(index), timestamp);
}
