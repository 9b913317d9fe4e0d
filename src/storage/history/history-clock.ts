const WORD_BYTES = 8;
/** When the last snapshot was taken: on the history's clock, on the arena's, and by how much the first is ahead of the wall clock. */
const WORDS = { TIME: 0, TAKEN: 1, AHEAD: 2, LENGTH: 4 } as const;
/** Milliseconds by which a wall clock must jump to count as set forward again. */
const JUMP_MS = 1_000;

/**
 * The times of a history. They follow the wall clock, but never back: where that is set back, they go on as the arena's
 * monotonic clock does, and are ahead of the wall clock from then on.
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
    const expected = Math.round(this.at(takenAt) ?? time);
    const isSetBack = time < words[WORDS.TIME];
    const isSetForward = words[WORDS.AHEAD] > 0 && time > expected + JUMP_MS;
    words[WORDS.TIME] = isSetBack ? expected : isSetForward ? Math.max(timestamp, expected) : time;
    words[WORDS.TAKEN] = takenAt;
    words[WORDS.AHEAD] = words[WORDS.TIME] - timestamp;
    return words[WORDS.TIME];
  }

  /** The history's time at a moment of the arena's clock; undefined if there is no snapshot yet. */
  at(moment: number): number | undefined {
    const { words } = this;
    return words[WORDS.TAKEN] === 0 ? undefined : words[WORDS.TIME] + moment - words[WORDS.TAKEN];
  }

  /** Milliseconds that the history is ahead of the wall clock; 0 unless that was set back. */
  get ahead(): number {
    return this.words[WORDS.AHEAD];
  }
}
