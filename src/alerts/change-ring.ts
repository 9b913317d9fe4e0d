import { SnapshotRing } from '../snapshot/snapshot-ring';
import type { StoredChange } from './documents';
import { packText, unpackText } from './packed-text';
import type { RuleBoard } from './rule-board';

/**
 * Changes of alerts on their way to the serving thread: entries of a ring, whose `timestamp` is the change's sequence
 * number, `tag` its group, and whose values are JSON as packed text. Bounded: where nobody reads, the oldest make room.
 */
export class ChangeRing {
  private readonly ring: SnapshotRing;

  constructor(
    buffer: SharedArrayBuffer,
    private readonly board: RuleBoard,
  ) {
    this.ring = new SnapshotRing(new Float64Array(buffer));
  }

  /** Adds what is not there yet: a thread that took over adds what the one before it had not come to. */
  async publish(group: number, changes: readonly StoredChange[]): Promise<void> {
    if (changes.length === 0) return;
    await this.board.withChanges(() => {
      let last = 0;
      for (const { tag, timestamp } of this.ring.entries()) if (tag === group) last = timestamp;
      for (const change of changes)
        if (change.sequence > last) this.ring.append(change.sequence, group, packText(JSON.stringify(change)));
    });
    this.board.tell();
  }

  /** Where the next change will stand. */
  get end(): number {
    return this.ring.end;
  }

  /** What came from a position on. @returns also where to go on, and whether something before it is gone */
  async read(
    position: number,
  ): Promise<{ changes: [group: number, change: StoredChange][]; end: number; gap: boolean }> {
    return this.board.withChanges(() => {
      const gap = position < this.ring.oldest;
      const changes = [...this.ring.entries(gap ? undefined : position)].map(
        ({ tag, values }) => [tag, JSON.parse(unpackText(values))] as [number, StoredChange],
      );
      return { changes, end: this.ring.end, gap };
    });
  }
}
