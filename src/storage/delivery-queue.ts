import type { Snapshot, TakenSnapshot } from '../aggregate/snapshot';
import { RingmeterError } from '../errors';
import { SnapshotRing } from './snapshot-ring';

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
 *     17  that text, ERROR_WORDS
 *     64  ring                SnapshotRing, to the beginning of the copies
 *         two copies of the snapshot stored last, one of them current: timestamp, places, columns, values; only if wanted
 */
const NEXT_ATTEMPT = 0;
const FAILURES_IN_A_ROW = 1;
const STORED_UP_TO = 2;
const REJECTED_LAST = 3;
const TRIED = 4;
const NEWEST = 5;
const NEWEST_POSITION = 6;
const WAITING = 7;
const WAITING_BYTES = 8;
const LAST_SUCCESS = 9;
const COUNTS_START = 10;
const ERROR_LENGTH = 16;
const ERROR = 17;
const ERROR_WORDS = 47;
const RING = 64;
const COPY = { TIMESTAMP: 0, PLACES: 1, COLUMNS: 2, VALUES: 3 } as const;
const WORD_BYTES = 8;

/** What is counted of a storage, in snapshots or attempts. */
export const COUNTS = ['stored', 'failures', 'retries', 'dropped', 'rejected'] as const;
export type Count = (typeof COUNTS)[number];

export interface QueueSizes {
  /** Bytes of snapshots that can wait. */
  queueBytes: number;
  /** Milliseconds after which one is given up. */
  queueAge: number;
  keepsPrevious: boolean;
}

const ringWords = ({ queueBytes }: QueueSizes): number => Math.ceil(queueBytes / WORD_BYTES);

/** A copy has room for whatever the ring has room for. */
export function queueWords(sizes: QueueSizes): number {
  return RING + ringWords(sizes) * (sizes.keepsPrevious ? 3 : 1);
}

/** A snapshot in the queue; `position` tells it from every other. */
export interface Queued {
  position: number;
  snapshot: Pick<Snapshot, 'timestamp' | 'places' | 'values'>;
}

/**
 * The snapshots that wait for one storage, and what became of the others; in shared memory. Whatever changes it runs while
 * no other thread does. A thread may be terminated between any two stores: one that has begun to settle a snapshot leaves
 * it settled, or as if it had not been tried.
 */
export class DeliveryQueue {
  private readonly ring: SnapshotRing;
  private readonly copies: readonly [Float64Array, Float64Array] | undefined;

  /** @param change runs something while no other thread changes this queue */
  constructor(
    private readonly words: Float64Array,
    private readonly sizes: QueueSizes,
    private readonly change: <T>(action: () => T) => Promise<T>,
  ) {
    const length = ringWords(sizes);
    const part = (number: number): Float64Array => words.subarray(RING + length * number, RING + length * (number + 1));
    this.ring = new SnapshotRing(part(0));
    if (sizes.keepsPrevious) this.copies = [part(1), part(2)];
  }

  /**
   * Puts a snapshot at the end; those that are too old, or have to make room, are dropped. One that is not newer than the
   * last one here (it was taken by another thread, or asked for twice) adds nothing: that one stands for it.
   *
   * @param urgent whether to try at once, whatever failed before
   * @returns its position
   * @throws RingmeterError RINGMETER_STORAGE_FAILED if it is larger than the whole queue
   */
  async append({ timestamp, takenAt, places, values }: TakenSnapshot, urgent: boolean): Promise<number> {
    const position = await this.change(() => {
      const { ring, words } = this;
      if (urgent) words[NEXT_ATTEMPT] = 0;
      if (takenAt <= words[NEWEST]) return words[NEWEST_POSITION];
      const appended = this.dropping(1, () => {
        this.expire(timestamp);
        ring.rewind();
        return ring.append(timestamp, places, values);
      });
      if (appended === undefined) return undefined;
      words[NEWEST] = takenAt;
      words[NEWEST_POSITION] = appended;
      return appended;
    });
    if (position !== undefined) return position;
    throw new RingmeterError(
      'RINGMETER_STORAGE_FAILED',
      `a snapshot of ${values.byteLength} bytes does not fit into the queue: raise queue.maxBytes`,
    );
  }

  /** The oldest snapshot that waits, copied, to be tried now. */
  next(): Promise<Queued | undefined> {
    return this.change(() => {
      // left by a thread that has ended
      this.leave();
      this.dropping(0, () => this.expire(Date.now()));
      const [oldest] = this.ring.entries();
      if (oldest === undefined) return undefined;
      const { position, timestamp, places, values } = oldest;
      this.words[TRIED] = position + 1;
      return { position, snapshot: { timestamp, places, values: values.slice() } };
    });
  }

  /** Takes the snapshot that was being tried out of the queue: it was stored. */
  store({ position, snapshot }: Queued): Promise<void> {
    return this.change(() => {
      const { words } = this;
      // a thread that ends in between has it stored once more, after itself: that makes no difference
      this.keep(snapshot);
      this.count('stored', 1);
      words[LAST_SUCCESS] = Date.now();
      words[STORED_UP_TO] = position + 1;
      this.settle(position);
    });
  }

  /** Takes the snapshot that was being tried out of the queue: it was refused for good. */
  reject({ position }: Queued, message: string): Promise<void> {
    return this.change(() => {
      this.writeError(message);
      this.words[REJECTED_LAST] = position + 1;
      this.count('rejected', 1);
      this.count('failures', 1);
      this.settle(position);
    });
  }

  /** Leaves the snapshot that was being tried, if one was, to be tried again. @returns how many attempts failed in a row */
  fail(message: string, nextAttempt: (failures: number) => number): Promise<number> {
    return this.change(() => {
      const { words } = this;
      const failures = words[FAILURES_IN_A_ROW] + 1;
      this.writeError(message);
      words[NEXT_ATTEMPT] = nextAttempt(failures);
      words[FAILURES_IN_A_ROW] = failures;
      this.count('failures', 1);
      this.leave();
      return failures;
    });
  }

  /** Notes that a storage that stores at once has done so. */
  noteStored(): Promise<void> {
    return this.change(() => {
      this.count('stored', 1);
      this.words[FAILURES_IN_A_ROW] = 0;
      this.words[LAST_SUCCESS] = Date.now();
    });
  }

  private settle(position: number): void {
    const { ring, words } = this;
    words[FAILURES_IN_A_ROW] = 0;
    words[NEXT_ATTEMPT] = 0;
    words[TRIED] = 0;
    const [oldest] = ring.entries();
    if (oldest?.position === position) ring.dropOldest();
    this.noteWaiting();
  }

  /** Ends an attempt that came to nothing. If its snapshot had to make room meanwhile, it is lost now. */
  private leave(): void {
    const { words } = this;
    if (words[TRIED] !== 0 && !this.hasTried()) this.count('dropped', 1);
    words[TRIED] = 0;
  }

  /** Counts what is dropped, except the snapshot that is being tried: whether that one is lost, its attempt will show. */
  private dropping<T>(added: number, action: () => T): T {
    const expected = this.countEntries() + added;
    const hadTried = this.hasTried();
    const result = action();
    const spared = hadTried && !this.hasTried() ? 1 : 0;
    this.count('dropped', expected - this.countEntries() - spared);
    this.noteWaiting();
    return result;
  }

  /** Whether the snapshot that is being tried is still here. */
  private hasTried(): boolean {
    const [oldest] = this.ring.entries();
    return oldest !== undefined && oldest.position + 1 === this.words[TRIED];
  }

  private expire(now: number): void {
    this.ring.expire(now - this.sizes.queueAge, Number.POSITIVE_INFINITY);
  }

  private countEntries(): number {
    let count = 0;
    for (const _ of this.ring.entries()) count++;
    return count;
  }

  private noteWaiting(): void {
    const { ring, words } = this;
    const waiting = this.countEntries();
    words[WAITING] = waiting;
    words[WAITING_BYTES] = waiting === 0 ? 0 : (ring.end - ring.oldest) * WORD_BYTES;
  }

  /** Copies what was stored beside the current copy; whichever is current is told by the count of stored snapshots. */
  private keep({ timestamp, places, values }: Queued['snapshot']): void {
    const copy = this.copies?.[(this.counted('stored') + 1) & 1];
    if (copy === undefined) return;
    copy[COPY.TIMESTAMP] = timestamp;
    copy[COPY.PLACES] = places;
    copy[COPY.COLUMNS] = values.length;
    copy.set(values, COPY.VALUES);
  }

  /** The snapshot that was stored last, if that is kept. For the thread that delivers. */
  previous(): Queued['snapshot'] | undefined {
    const copy = this.copies?.[this.counted('stored') & 1];
    if (copy === undefined || copy[COPY.TIMESTAMP] === 0) return undefined;
    const values = copy.slice(COPY.VALUES, COPY.VALUES + copy[COPY.COLUMNS]);
    return { timestamp: copy[COPY.TIMESTAMP], places: copy[COPY.PLACES], values };
  }

  private writeError(message: string): void {
    const { buffer, byteOffset } = this.words;
    const bytes = Buffer.from(message).subarray(0, ERROR_WORDS * WORD_BYTES);
    new Uint8Array(buffer, byteOffset + ERROR * WORD_BYTES).set(bytes);
    this.words[ERROR_LENGTH] = bytes.length;
  }

  /*
   * What follows is read without the lock, by any thread: each number is whole, and a moment old.
   */

  /** What the last failed attempt said. */
  lastError(): string | undefined {
    const { buffer, byteOffset } = this.words;
    const length = this.words[ERROR_LENGTH];
    if (length === 0) return undefined;
    // copied, since decoders refuse shared memory
    const bytes = new Uint8Array(buffer, byteOffset + ERROR * WORD_BYTES, length).slice();
    return Buffer.from(bytes).toString('utf8');
  }

  /** Whether the last attempt failed. */
  get isFailing(): boolean {
    return this.words[FAILURES_IN_A_ROW] > 0;
  }

  /** By the arena's clock: before that no attempt is made. */
  get nextAttempt(): number {
    return this.words[NEXT_ATTEMPT];
  }

  /** Whether the snapshot at a position, or a later one that stands for it, has been stored. */
  hasStored(position: number): boolean {
    return this.words[STORED_UP_TO] > position;
  }

  /** Whether the snapshot at a position was refused for good, and none after it. */
  hasRejected(position: number): boolean {
    return this.words[REJECTED_LAST] === position + 1;
  }

  /** Attempts that failed and are repeated. */
  get repeated(): number {
    return this.counted('failures') - this.counted('rejected');
  }

  get lastSuccess(): number {
    return this.words[LAST_SUCCESS];
  }

  get waiting(): number {
    return this.words[WAITING];
  }

  get waitingBytes(): number {
    return this.words[WAITING_BYTES];
  }

  counted(what: Count): number {
    return this.words[COUNTS_START + COUNTS.indexOf(what)];
  }

  /** For the thread that delivers, or that holds the lock. */
  count(what: Count, by: number): void {
    this.words[COUNTS_START + COUNTS.indexOf(what)] += by;
  }
}
