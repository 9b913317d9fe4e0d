const WORD_BYTES = 8;
/** When the last snapshot was taken: on the history's clock, on the arena's, and by how much the first is ahead of the wall clock. */
const WORDS = { TIME: 0, TAKEN: 1, AHEAD: 2, LENGTH: 4 } as const;
/** Milliseconds by which the wall clock may differ from what has passed between two snapshots without having been set. */
const JUMP_MS = 1_000;

/**
 * The times of a history. They follow the wall clock as long as nobody sets it. Where it is set, they go on as the arena's
 * monotonic clock does, and are ahead of the wall clock or behind it from then on, until it is set right again. So a
 * snapshot is as old as time has passed since, and no step of the wall clock makes it too old or hides it.
 *
 * In shared memory, for all threads. The caller of every method holds the storage's lease.
 */
export class HistoryClock {
  private readonly words: Float64Array;

  constructor(buffer: SharedArrayBuffer) {
    this.words = new Float64Array(buffer);
  }

  static allocate(): SharedArrayBuffer {
    return new SharedArrayBuffer(WORDS.LENGTH * WORD_BYTES);
  }

  /**
   * The time of a new snapshot.
   *
   * @param timestamp on the wall clock
   * @param takenAt on the arena's
   */
  date(timestamp: number, takenAt: number): number {
    const { words } = this;
    const time = timestamp + words[WORDS.AHEAD];
    // taken by another thread before the last one: it comes too late
    if (takenAt < words[WORDS.TAKEN]) return time;
    const expected = Math.round(this.at(takenAt) ?? timestamp);
    const isLikely = (one: number): boolean => Math.abs(one - expected) <= JUMP_MS && one >= words[WORDS.TIME];
    words[WORDS.TIME] = [timestamp, time].find(isLikely) ?? expected;
    words[WORDS.TAKEN] = takenAt;
    words[WORDS.AHEAD] = words[WORDS.TIME] - timestamp;
    return words[WORDS.TIME];
  }

  /** The history's time at a moment of the arena's clock; undefined if there is no snapshot yet. */
  at(moment: number): number | undefined {
    const { words } = this;
    return words[WORDS.TAKEN] === 0 ? undefined : words[WORDS.TIME] + moment - words[WORDS.TAKEN];
  }

  /** Milliseconds that the history is ahead of the wall clock; negative where it is behind, 0 unless that was set. */
  get ahead(): number {
    return this.words[WORDS.AHEAD];
  }
}
