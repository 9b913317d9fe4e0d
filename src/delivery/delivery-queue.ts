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
  /** Milliseconds after which one is given up. */
  queueAge: number;
  keepsPrevious: boolean;
}

const ringWords = ({ queueBytes }: QueueSizes): number => Math.ceil(queueBytes / WORD_BYTES);

/** A copy has room for whatever the ring has room for. */
export function queueWords(sizes: QueueSizes): number {
  return FIELDS.WORDS + ringWords(sizes) * (sizes.keepsPrevious ? 3 : 1);
}

/** A snapshot in the queue; `position` tells it from every other. */
export interface Queued {
  position: number;
  snapshot: Kept;
}

/**
 * The snapshots that wait for one storage, and what became of the others; in shared memory. Whatever changes it runs while
 * no other thread does. A thread may be terminated between any two stores: one that has begun to settle a snapshot leaves
 * it settled, or as if it had not been tried.
 */
export class DeliveryQueue extends DeliveryRecord {
  private readonly ring: SnapshotRing;
  private readonly copies: readonly [SnapshotCopy, SnapshotCopy] | undefined;

  /** @param change runs something while no other thread changes this queue */
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
   * Puts a snapshot at the end; those that are too old, or have to make room, are dropped. One that is not newer than the
   * last one here (it was taken by another thread, or asked for twice) adds nothing: that one stands for it. One whose
   * `takenAt` is NaN is never a repetition.
   *
   * @param urgent whether to try at once, whatever failed before
   * @returns its position
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

  /** The oldest snapshot that waits, copied, to be tried now. */
  next(): Promise<Queued | undefined> {
    return this.change(() => {
      // left by a thread that has ended
      this.leave();
      this.dropping(0, () => this.expire());
      const [oldest] = this.ring.entries();
      if (oldest === undefined) return undefined;
      const { position, timestamp, tag: births, values } = oldest;
      this.words[FIELDS.TRIED] = position + 1;
      return { position, snapshot: { timestamp, births, values: values.slice() } };
    });
  }

  /** Takes the snapshot that was being tried out of the queue: it was stored. */
  store({ position, snapshot }: Queued): Promise<void> {
    return this.change(() => {
      const { words } = this;
      // a thread that ends in between has it stored once more, after itself: that makes no difference
      this.keep(snapshot);
      this.count('stored', 1);
      words[FIELDS.LAST_SUCCESS] = Date.now();
      words[FIELDS.STORED_UP_TO] = position + 1;
      this.settle(position);
    });
  }

  /** Takes the snapshot that was being tried out of the queue: it was refused for good. */
  reject({ position }: Queued, message: string): Promise<void> {
    return this.change(() => {
      this.writeError(message);
      this.words[FIELDS.REJECTED_LAST] = position + 1;
      this.count('rejected', 1);
      this.count('failures', 1);
      this.settle(position);
    });
  }

  /** Leaves the snapshot that was being tried, if one was, to be tried again. @returns how many attempts failed in a row */
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

  /** Notes that a storage that stores at once has done so. */
  noteStored(): Promise<void> {
    return this.change(() => {
      this.count('stored', 1);
      this.words[FIELDS.FAILURES_IN_A_ROW] = 0;
      this.words[FIELDS.LAST_SUCCESS] = Date.now();
    });
  }

  private settle(position: number): void {
    const { ring, words } = this;
    words[FIELDS.FAILURES_IN_A_ROW] = 0;
    words[FIELDS.NEXT_ATTEMPT] = 0;
    words[FIELDS.TRIED] = 0;
    const [oldest] = ring.entries();
    if (oldest?.position === position) ring.dropOldest();
    this.noteWaiting();
  }

  /** Ends an attempt that came to nothing. If its snapshot had to make room meanwhile, it is lost now. */
  private leave(): void {
    const { words } = this;
    if (words[FIELDS.TRIED] !== 0 && !this.hasTried()) this.count('dropped', 1);
    words[FIELDS.TRIED] = 0;
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
    return oldest !== undefined && oldest.position + 1 === this.words[FIELDS.TRIED];
  }

  /** By a clock that nobody sets: a step of the wall clock makes no snapshot too old. */
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

  /** Copies what was stored beside the current copy; whichever is current is told by the count of stored snapshots. */
  private keep(snapshot: Kept): void {
    this.copies?.[(this.counted('stored') + 1) & 1].keep(snapshot);
  }

  /** The snapshot that was stored last, if that is kept. For the thread that delivers. */
  previous(): Kept | undefined {
    return this.copies?.[this.counted('stored') & 1].read();
  }
}
