/*
 * The words of a delivery queue, float64 each. A position is a snapshot's in the ring.
 *
 *      0  next attempt        by the arena's clock: not before
 *      1  failures in a row
 *      2  stored up to        position of the last snapshot that was stored, + 1
 *      3  rejected last       position of the last one that was refused for good, + 1
 *      4  tried               position of the one that is being tried, + 1; 0 = none
 *      5  newest              when the last one was taken, by the arena's clock
 *      6  newest position     where it stands
 *      7  waiting             how many there are, and
 *      8  waiting bytes       what they take: for those who do not hold the lock
 *      9  last success        wall-clock milliseconds, 0 = never
 *     10  counts              COUNTS, in their order
 *     16  length of the last error's text in bytes
 *     17  that text, to the beginning of the ring
 *     64  ring                SnapshotRing, to the beginning of the copies
 *         two copies of the snapshot stored last, one of them current: timestamp, births, columns, values; only if wanted
 */
export const FIELDS = {
  NEXT_ATTEMPT: 0,
  FAILURES_IN_A_ROW: 1,
  STORED_UP_TO: 2,
  REJECTED_LAST: 3,
  TRIED: 4,
  NEWEST: 5,
  NEWEST_POSITION: 6,
  WAITING: 7,
  WAITING_BYTES: 8,
  LAST_SUCCESS: 9,
  COUNTS: 10,
  ERROR_LENGTH: 16,
  ERROR: 17,
  WORDS: 64,
} as const;

const WORD_BYTES = 8;
const LONGEST_ERROR = (FIELDS.WORDS - FIELDS.ERROR) * WORD_BYTES;

/** What is counted of a storage, in snapshots or attempts. */
export const COUNTS = ['stored', 'failures', 'retries', 'dropped', 'rejected'] as const;
export type Count = (typeof COUNTS)[number];

/**
 * What became of a storage's snapshots, in words that it shares with the queue. Whoever holds the queue's lock writes it;
 * any thread reads it without: each number is whole, and a moment old.
 */
export class DeliveryRecord {
  constructor(protected readonly words: Float64Array) {}

  /** What the last failed attempt said. */
  lastError(): string | undefined {
    const { buffer, byteOffset } = this.words;
    const length = this.words[FIELDS.ERROR_LENGTH];
    if (length === 0) return undefined;
    // copied, since decoders refuse shared memory
    const bytes = new Uint8Array(buffer, byteOffset + FIELDS.ERROR * WORD_BYTES, length).slice();
    return Buffer.from(bytes).toString('utf8');
  }

  /** Whether the last attempt failed. */
  get isFailing(): boolean {
    return this.words[FIELDS.FAILURES_IN_A_ROW] > 0;
  }

  /** By the arena's clock: before that no attempt is made. */
  get nextAttempt(): number {
    return this.words[FIELDS.NEXT_ATTEMPT];
  }

  /** Whether the snapshot at a position, or a later one that stands for it, has been stored. */
  hasStored(position: number): boolean {
    return this.words[FIELDS.STORED_UP_TO] > position;
  }

  /** Whether the snapshot at a position was refused for good, and none after it. */
  hasRejected(position: number): boolean {
    return this.words[FIELDS.REJECTED_LAST] === position + 1;
  }

  /** Attempts that failed and are repeated. */
  get repeated(): number {
    return this.counted('failures') - this.counted('rejected');
  }

  get lastSuccess(): number {
    return this.words[FIELDS.LAST_SUCCESS];
  }

  get waiting(): number {
    return this.words[FIELDS.WAITING];
  }

  get waitingBytes(): number {
    return this.words[FIELDS.WAITING_BYTES];
  }

  counted(what: Count): number {
    return this.words[FIELDS.COUNTS + COUNTS.indexOf(what)];
  }

  /** For the thread that delivers, or that holds the lock. */
  count(what: Count, by: number): void {
    this.words[FIELDS.COUNTS + COUNTS.indexOf(what)] += by;
  }

  protected writeError(message: string): void {
    const { buffer, byteOffset } = this.words;
    const bytes = Buffer.from(message).subarray(0, LONGEST_ERROR);
    new Uint8Array(buffer, byteOffset + FIELDS.ERROR * WORD_BYTES).set(bytes);
    this.words[FIELDS.ERROR_LENGTH] = bytes.length;
  }
}
