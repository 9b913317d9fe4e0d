import { SnapshotRing } from '../snapshot/snapshot-ring';
import type { StoredChange } from './documents';
import { packText, unpackText } from './packed-text';
import type { RuleBoard } from './rule-board';

/**
 * A bounded ring of alert changes for the serving thread. An entry's `timestamp` is the change's sequence number, its
 * `tag` the group, its values JSON as packed text. If nobody reads, the oldest entries are overwritten.
 */
export class ChangeRing {
  private readonly ring: SnapshotRing;

  constructor(
    buffer: SharedArrayBuffer,
    private readonly board: RuleBoard,
  ) {
    this.ring = new SnapshotRing(new Float64Array(buffer));
  }

  /** Appends the changes that are missing. Idempotent: a successor appends what a terminated thread could not. */
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

  /** The position of the next change. */
  get end(): number {
    return this.ring.end;
  }

  /** Reads from a position on. @returns the changes, the next position, and whether earlier ones were overwritten */
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
