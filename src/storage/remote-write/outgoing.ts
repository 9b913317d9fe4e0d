import type { Family } from '../../aggregate/catalog';
import type { Snapshot } from '../../aggregate/snapshot';
import { type GivenLabels, OutgoingFamily, type OutgoingSeries } from './family';

/** Tells which series are sent for a snapshot, and in which order. One per receiver. */
export class Outgoing {
  private readonly families = new Map<Family, OutgoingFamily>();

  constructor(private readonly given: GivenLabels) {}

  /**
   * Ends of the series that the previous snapshot had and this one has not, then what it has. Asking again for the same
   * snapshot gives the same series; at most some come in between that were being registered the first time.
   */
  *of(snapshot: Snapshot, previous: Snapshot | undefined): Generator<OutgoingSeries> {
    if (previous !== undefined) yield* this.ended(previous, snapshot);
    for (const family of snapshot.families) yield* this.familyOf(family).series(snapshot);
  }

  /** Ends of all that a snapshot had. */
  *ends({ families, places }: Pick<Snapshot, 'families' | 'places'>): Generator<OutgoingSeries> {
    for (const family of families) yield* this.familyOf(family).ends(places);
  }

  /** To be called when all of a snapshot has been sent. */
  settle({ families, places }: Snapshot): void {
    for (const family of families) this.familyOf(family).settle(places);
  }

  private *ended(previous: Snapshot, { families, places }: Snapshot): Generator<OutgoingSeries> {
    const present = new Map(families.map((family) => [family.record, family]));
    for (const family of previous.families) {
      const now = present.get(family.record);
      // lists only grow: while the same one is read as far as before, nothing in it has ended
      if (now === family && places >= previous.places) continue;
      const records = now === undefined ? new Set() : recordsIn(now, places);
      const outgoing = this.familyOf(family);
      for (const one of outgoing.ends(previous.places)) if (!records.has(outgoing.recordOf(one.index))) yield one;
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

function recordsIn({ series }: Family, places: number): Set<number> {
  const records = new Set<number>();
  for (let index = 0; index < series.count; index++)
    if (series.places[index] < places) records.add(series.records[index]);
  return records;
}
