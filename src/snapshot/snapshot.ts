import { kindOf } from '../kinds/kinds';
import type { Family, RegisteredFamily } from '../registry/family';

/** The immutable result of one collect. Renderers and storages read it; a renderer may compare it with the next one. */
export interface Snapshot {
  /** Wall-clock milliseconds of the collect. */
  readonly timestamp: number;
  /** The metrics with their series. A family's list may grow later: this snapshot has no columns for the new series. */
  readonly families: readonly Family[];
  /** Number of births at the collect: a series whose birth has this number or a higher one is not in this snapshot. */
  readonly births: number;
  /** Indexed by the series' columns. */
  readonly values: Float64Array;
}

/** A snapshot as a collect returns it. */
export interface TakenSnapshot extends Snapshot {
  readonly families: readonly RegisteredFamily[];
  /** By the arena's clock, which all threads share and which never goes back: tells which of two snapshots is newer. */
  readonly takenAt: number;
}

/** Returns a test whether a snapshot has a series of the family: registered before the snapshot and not removed. */
export function presenceIn(
  { births, values }: { births: number /** Without them, removed series count. */; values?: Float64Array },
  family: Family,
): (index: number) => boolean {
  const { definition, series } = family;
  const offset = kindOf(definition).presenceColumn;
  const mayBeReborn = definition.ttl !== undefined;
  return (index) => {
    if (series.births[index] >= births) return false;
    // Its memory may have been reused. If this check passes, labels read immediately afterwards are still its own.
    if (mayBeReborn && !family.isSame(index)) return false;
    if (values === undefined) return true;
    const column = series.columns[index] + offset;
    return column < values.length && !Number.isNaN(values[column]);
  };
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
