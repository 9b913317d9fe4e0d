/*
 * The words of a delivery queue, float64 each. A position is a snapshot's in the ring.
 *
 *      0  next attempt        by the arena's clock: not before
 *      1  failures in a row
 *      2  stored up to        position of the last snapshot that was stored, + 1
 *      3  rejected last       position of the last one that was refused for good, + 1
 *      4  tried               position of the snapshot that is being tried, + 1; 0 = none
 *      5  newest              when the last snapshot was taken, by the arena's clock
 *      6  newest position     position of that snapshot
 *      7  waiting             number of waiting snapshots, for readers without the lock
 *      8  waiting bytes       bytes of the waiting snapshots, likewise
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

/** The counters of a storage, in snapshots or attempts. */
export const COUNTS = ['stored', 'failures', 'retries', 'dropped', 'rejected'] as const;
export type Count = (typeof COUNTS)[number];

/**
 * Counters and state of a storage's deliveries, in words that the queue shares. Written under the channel's lock; any
 * thread reads them without the lock: a number is never torn, but may be slightly stale.
 */
export class DeliveryRecord {
  constructor(protected readonly words: Float64Array) {}

  /** The error message of the last failed attempt. */
  lastError(): string | undefined {
    const { buffer, byteOffset } = this.words;
    const length = this.words[FIELDS.ERROR_LENGTH];
    if (length === 0) return undefined;
    // copied: decoders do not accept shared memory
    const bytes = new Uint8Array(buffer, byteOffset + FIELDS.ERROR * WORD_BYTES, length).slice();
    return Buffer.from(bytes).toString('utf8');
  }

  /** Whether the last attempt failed. */
  get isFailing(): boolean {
    return this.words[FIELDS.FAILURES_IN_A_ROW] > 0;
  }

  /** When the next attempt may be made, by the arena's clock. */
  get nextAttempt(): number {
    return this.words[FIELDS.NEXT_ATTEMPT];
  }

  /** Whether the snapshot at a position, or a later one, has been stored. */
  hasStored(position: number): boolean {
    return this.words[FIELDS.STORED_UP_TO] > position;
  }

  /** Whether the snapshot at a position is the last one that was rejected. */
  hasRejected(position: number): boolean {
    return this.words[FIELDS.REJECTED_LAST] === position + 1;
  }

  /** Attempts that failed and are retried. */
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

  /** Only for the thread that delivers or holds the lock. */
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
