import { RingmeterError } from '../common/errors';
import { monotonic } from '../common/monotonic';
import type { TakenSnapshot } from '../snapshot/snapshot';
import { type Kept, SnapshotCopy } from '../snapshot/snapshot-copy';
import { SnapshotRing } from '../snapshot/snapshot-ring';
import { DeliveryRecord, FIELDS } from './delivery-record';

const WORD_BYTES = 8;

export interface QueueSizes {
  /** Bytes of snapshots that can wait. */
  queueBytes: number;
  /** Milliseconds after which a waiting snapshot is dropped. */
  queueAge: number;
  keepsPrevious: boolean;
}

const ringWords = ({ queueBytes }: QueueSizes): number => Math.ceil(queueBytes / WORD_BYTES);

/** Each copy is as large as the ring, so that it has room for any snapshot. */
export function queueWords(sizes: QueueSizes): number {
  return FIELDS.WORDS + ringWords(sizes) * (sizes.keepsPrevious ? 3 : 1);
}

/** A snapshot in the queue; its `position` is unique. */
export interface Queued {
  position: number;
  snapshot: Kept;
}

/**
 * The snapshots that wait for one storage, and the counts of the others; in shared memory. All changes run under the
 * channel's lock. A thread may be terminated between any two stores to memory: the snapshot that it was settling is
 * then either settled or waits as before the attempt.
 */
export class DeliveryQueue extends DeliveryRecord {
  private readonly ring: SnapshotRing;
  private readonly copies: readonly [SnapshotCopy, SnapshotCopy] | undefined;

  /** @param change runs a function while it holds the channel's lock */
  constructor(
    words: Float64Array,
    private readonly sizes: QueueSizes,
    private readonly change: <T>(action: () => T) => Promise<T>,
  ) {
    super(words);
    const length = ringWords(sizes);
    const part = (number: number): Float64Array =>
      words.subarray(FIELDS.WORDS + length * number, FIELDS.WORDS + length * (number + 1));
    this.ring = new SnapshotRing(part(0));
    if (sizes.keepsPrevious) this.copies = [new SnapshotCopy(part(1)), new SnapshotCopy(part(2))];
  }

  /**
   * Appends a snapshot; drops those that are too old, and the oldest until it fits. If it is not newer than the last
   * one (another thread took it, or it was requested twice), it is a repetition: nothing is added, and the position is
   * that of the last one. A `takenAt` of NaN is never a repetition.
   *
   * @param urgent whether to ignore the backoff and try at once
   * @returns the snapshot's position
   * @throws RingmeterError RINGMETER_STORAGE_FAILED if it is larger than the whole queue
   */
  async append({ timestamp, takenAt, births, values }: TakenSnapshot, urgent: boolean): Promise<number> {
    const position = await this.change(() => {
      const { ring, words } = this;
      if (urgent) words[FIELDS.NEXT_ATTEMPT] = 0;
      if (takenAt <= words[FIELDS.NEWEST]) return words[FIELDS.NEWEST_POSITION];
      const appended = this.dropping(1, () => {
        this.expire();
        ring.rewind();
        return ring.append(timestamp, births, values, monotonic());
      });
      if (appended === undefined) return undefined;
      words[FIELDS.NEWEST] = takenAt;
      words[FIELDS.NEWEST_POSITION] = appended;
      return appended;
    });
    if (position !== undefined) return position;
    throw new RingmeterError(
      'RINGMETER_STORAGE_FAILED',
      `a snapshot of ${values.byteLength} bytes does not fit into the queue: raise queue.maxBytes`,
    );
  }

  /** A copy of the oldest waiting snapshot, marked as being tried. */
  next(): Promise<Queued | undefined> {
    return this.change(() => {
      // ends the attempt of a thread that died during it, if there is one
      this.leave();
      this.dropping(0, () => this.expire());
      const [oldest] = this.ring.entries();
      if (oldest === undefined) return undefined;
      const { position, timestamp, tag: births, values } = oldest;
      this.words[FIELDS.TRIED] = position + 1;
      return { position, snapshot: { timestamp, births, values: values.slice() } };
    });
  }

  /** Removes the snapshot that was being tried from the queue and counts it as stored. */
  store({ position, snapshot }: Queued): Promise<void> {
    return this.change(() => {
      const { words } = this;
      // if the thread dies here, the snapshot is stored again, with itself as `previous`: storing is idempotent
      this.keep(snapshot);
      this.count('stored', 1);
      words[FIELDS.LAST_SUCCESS] = Date.now();
      words[FIELDS.STORED_UP_TO] = position + 1;
      this.finish(position);
    });
  }

  /** Removes the snapshot that was being tried from the queue and counts it as rejected. */
  reject({ position }: Queued, message: string): Promise<void> {
    return this.change(() => {
      this.writeError(message);
      this.words[FIELDS.REJECTED_LAST] = position + 1;
      this.count('rejected', 1);
      this.count('failures', 1);
      this.finish(position);
    });
  }

  /** Ends the attempt, if there is one; its snapshot stays in the queue. @returns how many attempts failed in a row */
  fail(message: string, nextAttempt: (failures: number) => number): Promise<number> {
    return this.change(() => {
      const { words } = this;
      const failures = words[FIELDS.FAILURES_IN_A_ROW] + 1;
      this.writeError(message);
      words[FIELDS.NEXT_ATTEMPT] = nextAttempt(failures);
      words[FIELDS.FAILURES_IN_A_ROW] = failures;
      this.count('failures', 1);
      this.leave();
      return failures;
    });
  }

  /** Counts a snapshot that a direct storage has stored without a queue. */
  noteStored(): Promise<void> {
    return this.change(() => {
      this.count('stored', 1);
      this.words[FIELDS.FAILURES_IN_A_ROW] = 0;
      this.words[FIELDS.LAST_SUCCESS] = Date.now();
    });
  }

  private finish(position: number): void {
    const { ring, words } = this;
    words[FIELDS.FAILURES_IN_A_ROW] = 0;
    words[FIELDS.NEXT_ATTEMPT] = 0;
    words[FIELDS.TRIED] = 0;
    const [oldest] = ring.entries();
    if (oldest?.position === position) ring.dropOldest();
    this.noteWaiting();
  }

  /** Ends an attempt that failed. If the ring has dropped its snapshot meanwhile, counts it as dropped now. */
  private leave(): void {
    const { words } = this;
    if (words[FIELDS.TRIED] !== 0 && !this.hasTried()) this.count('dropped', 1);
    words[FIELDS.TRIED] = 0;
  }

  /** Counts what `action` drops, except the snapshot being tried: if its attempt fails, `leave` counts it. */
  private dropping<T>(added: number, action: () => T): T {
    const expected = this.countEntries() + added;
    const hadTried = this.hasTried();
    const result = action();
    const spared = hadTried && !this.hasTried() ? 1 : 0;
    this.count('dropped', expected - this.countEntries() - spared);
    this.noteWaiting();
    return result;
  }

  /** Whether the snapshot that is being tried is still in the ring. */
  private hasTried(): boolean {
    const [oldest] = this.ring.entries();
    return oldest !== undefined && oldest.position + 1 === this.words[FIELDS.TRIED];
  }

  /** Ages are monotonic: a step of the wall clock expires no snapshot. */
  private expire(): void {
    this.ring.expire(monotonic() - this.sizes.queueAge, Number.POSITIVE_INFINITY);
  }

  private countEntries(): number {
    let count = 0;
    for (const _ of this.ring.entries()) count++;
    return count;
  }

  private noteWaiting(): void {
    const { ring, words } = this;
    const waiting = this.countEntries();
    words[FIELDS.WAITING] = waiting;
    words[FIELDS.WAITING_BYTES] = waiting === 0 ? 0 : (ring.end - ring.oldest) * WORD_BYTES;
  }

  /** Writes the copy that is not current. The parity of the count of stored snapshots says which one is current. */
  private keep(snapshot: Kept): void {
    this.copies?.[(this.counted('stored') + 1) & 1].keep(snapshot);
  }

  /** The snapshot that was stored last, if the storage keeps it. Only the delivering thread may call this. */
  previous(): Kept | undefined {
    return this.copies?.[this.counted('stored') & 1].read();
  }
}
