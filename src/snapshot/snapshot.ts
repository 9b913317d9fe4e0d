import type { Arena } from '../arena/arena';
import { isGone } from '../arena/lives';
import { kindOf } from '../kinds/kinds';
import type { Family } from '../registry/catalog';
import { birthOf } from '../registry/directory';

/** The immutable result of one collect: what renderers and storages read, and a renderer compares with the next one. */
export interface Snapshot {
  /** Wall-clock milliseconds of the collect. */
  readonly timestamp: number;
  /** The metrics with their series; a family's list may grow later, beyond what this snapshot has columns for. */
  readonly families: readonly Family[];
  /** How many births had been counted: a series whose birth has this number or a later one is not in this snapshot. */
  readonly births: number;
  /** Indexed by the series' columns. */
  readonly values: Float64Array;
}

/** A snapshot as it comes from a collect. */
export interface TakenSnapshot extends Snapshot {
  /** By the arena's clock, which all threads share and which never goes back: tells which of two snapshots is newer. */
  readonly takenAt: number;
}

/** Tells which of a family's series a snapshot has: those registered early enough, but for those that were removed. */
export function presenceIn(
  { births, values }: { births: number /** Without them, removed series count. */; values?: Float64Array },
  { arena, definition, series }: Family,
): (index: number) => boolean {
  const offset = kindOf(definition).presenceColumn;
  const mayBeReborn = definition.ttl !== undefined;
  return (index) => {
    if (series.births[index] >= births) return false;
    // Its memory may be another's by now, or soon. What is read of it at once after this is still its own.
    if (mayBeReborn && !isSame(arena, series.records[index], series.births[index])) return false;
    if (values === undefined) return true;
    const column = series.columns[index] + offset;
    return column < values.length && !Number.isNaN(values[column]);
  };
}

/**
 * Whether a record still is that of the series that was read. The state is loaded first, atomically: a record that becomes
 * another series is gone before, and gets its new birth before it is not gone any more.
 */
function isSame(arena: Arena, record: number, birth: number): boolean {
  return !isGone(arena, record) && birthOf(arena, record) <= birth;
}

/** How many series a snapshot has. */
export function countSeries(snapshot: Snapshot): number {
  let count = 0;
  for (const family of snapshot.families) {
    const isThere = presenceIn(snapshot, family);
    for (let index = 0; index < family.series.count; index++) if (isThere(index)) count++;
  }
  return count;
}
