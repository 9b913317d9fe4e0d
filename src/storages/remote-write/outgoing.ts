import type { Family } from '../../registry/family';
import { presenceIn, type Snapshot } from '../../snapshot/snapshot';
import { type GivenLabels, OutgoingFamily, type OutgoingSeries, type Shown } from './family';

/** Tells which series are sent for a snapshot, and in which order. One per receiver. */
export class Outgoing {
  private readonly families = new Map<Family, OutgoingFamily>();

  constructor(private readonly given: GivenLabels) {}

  /**
   * Staleness markers for series that only the previous snapshot had, then the series of this one. A second call for
   * the same snapshot gives the same series; at most it adds some that were being registered during the first.
   */
  *of(snapshot: Snapshot, previous: Snapshot | undefined): Generator<OutgoingSeries> {
    if (previous !== undefined) yield* this.ended(previous, snapshot);
    for (const family of snapshot.families) yield* this.familyOf(family).series(snapshot);
  }

  /** Staleness markers for all series of a snapshot. */
  *ends(shown: Shown & Pick<Snapshot, 'families'>): Generator<OutgoingSeries> {
    for (const family of shown.families) yield* this.familyOf(family).ends(shown);
  }

  /** To be called when all of a snapshot has been sent. */
  markSent(snapshot: Snapshot): void {
    for (const family of snapshot.families) this.familyOf(family).markSent(snapshot);
  }

  private *ended(previous: Snapshot, snapshot: Snapshot): Generator<OutgoingSeries> {
    const present = new Map(snapshot.families.map((family) => [family.id, family]));
    for (const family of previous.families) {
      const now = present.get(family.id);
      const outgoing = this.familyOf(family);
      const goesOn = now === family ? whetherIn(family, snapshot) : whetherOther(outgoing, now, snapshot);
      for (const one of outgoing.ends(previous)) if (!goesOn(one.index)) yield one;
    }
  }

  private familyOf(family: Family): OutgoingFamily {
    let outgoing = this.families.get(family);
    if (outgoing === undefined) {
      outgoing = new OutgoingFamily(family, this.given);
      this.families.set(family, outgoing);
    }
    return outgoing;
  }
}

/** Placeholder zeros have no index and count as present: `OutgoingFamily.series` ends them. */
function whetherIn(family: Family, snapshot: Snapshot): (index: number) => boolean {
  const isThere = presenceIn(snapshot, family);
  return (index) => index < 0 || isThere(index);
}

/** Like `whetherIn` if the family object has been read again: compares the series' numbers instead of indexes. */
function whetherOther(outgoing: OutgoingFamily, now: Family | undefined, snapshot: Snapshot) {
  const ids = new Set<number>();
  const isThere = now && presenceIn(snapshot, now);
  for (let index = 0; index < (now?.series.count ?? 0); index++) if (isThere!(index)) ids.add(now!.series.ids[index]);
  return (index: number): boolean => ids.has(outgoing.idOf(index));
}
