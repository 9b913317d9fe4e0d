const WORD_BYTES = 8;
/** Time of the last snapshot by the history's clock and by the arena's; how far the first leads the wall clock. */
const WORDS = { TIME: 0, TAKEN: 1, AHEAD: 2, LENGTH: 4 } as const;
/** If wall-clock and monotonic time since the last snapshot differ by more than this, the wall clock was set. */
const JUMP_MS = 1_000;

/**
 * The clock of a history. It follows the wall clock until somebody sets the wall clock. Then it goes on at the pace of
 * the arena's monotonic clock, with a constant offset to the wall clock, until that is set right again. So the age of a
 * snapshot is the time that has really passed, and no step of the wall clock makes it expire or hides it.
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
   * The history time of a new snapshot, which becomes the last one.
   *
   * @param timestamp by the wall clock
   * @param takenAt by the arena's clock
   */
  date(timestamp: number, takenAt: number): number {
    const { words } = this;
    const time = timestamp + words[WORDS.AHEAD];
    // another thread took this snapshot before the last one, and delivers it too late
    if (takenAt < words[WORDS.TAKEN]) return time;
    const expected = Math.round(this.at(takenAt) ?? timestamp);
    const isLikely = (one: number): boolean => Math.abs(one - expected) <= JUMP_MS && one >= words[WORDS.TIME];
    words[WORDS.TIME] = [timestamp, time].find(isLikely) ?? expected;
    words[WORDS.TAKEN] = takenAt;
    words[WORDS.AHEAD] = words[WORDS.TIME] - timestamp;
    return words[WORDS.TIME];
  }

  /** The history time for a time of the arena's clock; undefined if there is no snapshot yet. */
  at(moment: number): number | undefined {
    const { words } = this;
    return words[WORDS.TAKEN] === 0 ? undefined : words[WORDS.TIME] + moment - words[WORDS.TAKEN];
  }

  /** Milliseconds by which the history is ahead of the wall clock; negative: behind; 0 unless that clock was set. */
  get ahead(): number {
    return this.words[WORDS.AHEAD];
  }
}
