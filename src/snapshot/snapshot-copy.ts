import type { Snapshot } from './snapshot';

/** The parts of a snapshot that are stored. */
export type Kept = Pick<Snapshot, 'timestamp' | 'births' | 'values'>;

const COPY = { TIMESTAMP: 0, BIRTHS: 1, COLUMNS: 2, VALUES: 3 } as const;

/** Shared memory for one snapshot: its timestamp, its births, how many columns it has, the columns. */
export class SnapshotCopy {
  /** @param words initially zeros, with room for the largest snapshot */
  constructor(private readonly words: Float64Array) {}

  keep({ timestamp, births, values }: Kept): void {
    const { words } = this;
    words[COPY.TIMESTAMP] = timestamp;
    words[COPY.BIRTHS] = births;
    words[COPY.COLUMNS] = values.length;
    words.set(values, COPY.VALUES);
  }

  /** A copy of the stored snapshot; undefined if none has been stored yet. */
  read(): Kept | undefined {
    const { words } = this;
    if (words[COPY.TIMESTAMP] === 0) return undefined;
    const values = words.slice(COPY.VALUES, COPY.VALUES + words[COPY.COLUMNS]);
    return { timestamp: words[COPY.TIMESTAMP], births: words[COPY.BIRTHS], values };
  }
}
