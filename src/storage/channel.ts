import type { Snapshot } from '../aggregate/snapshot';
import { lock, recover, unlock } from '../atomics/mutex';
import { raise, Sleeper } from '../atomics/signal';
import { RingmeterError } from '../errors';
import { SnapshotRing } from './snapshot-ring';

/*
 * The bytes of a channel: all that threads have to share about one storage. Words of 8 bytes; words that different threads
 * change stand a cache line apart. Float64 unless halves are named.
 *
 *      0  lease               | state                  mutex: which thread delivers; atomic: STATE
 *      8  lock                | wanted                 mutex: who changes the rest
 *      9  wake                |                        atomic: raised after every change
 *     16  next snapshot due   | by the arena's clock, milliseconds
 *     17  next attempt        | by the arena's clock: not before
 *     18  failures in a row   |
 *     19  stored up to        | position of the last snapshot that was stored, + 1
 *     20  counts              | COUNTS, in their order
 *     28  last success        | wall-clock milliseconds, 0 = never
 *     29  sign of life        | by the arena's clock: when the delivering thread last turned its loop
 *     30  length of the last error's text in bytes
 *     31  that text, ERROR_WORDS
 *     96  queue               | SnapshotRing, to the beginning of the copies
 *         two copies of the snapshot stored last, one of them current: timestamp, places, columns, values; only if wanted
 */
const LEASE = 0;
const STATE_HALF = 1;
const LOCK = 16;
const WAKE = 18;
const NEXT_DUE = 16;
const NEXT_ATTEMPT = 17;
const FAILURES_IN_A_ROW = 18;
const STORED_UP_TO = 19;
const COUNTS_START = 20;
const LAST_SUCCESS = 28;
const SIGN_OF_LIFE = 29;
const ERROR_LENGTH = 30;
const ERROR = 31;
const ERROR_WORDS = 64;
const QUEUE = 96;
const COPY = { TIMESTAMP: 0, PLACES: 1, COLUMNS: 2, VALUES: 3 } as const;
const WORD_BYTES = 8;

export const STATE = { OPEN: 0, CLOSING: 1, CLOSED: 2 } as const;

/** What is counted of a storage, in snapshots or attempts. */
export const COUNTS = ['stored', 'failures', 'retries', 'dropped', 'rejected'] as const;
export type Count = (typeof COUNTS)[number];

/** How long a thread waits for the channel's lock; a holder that lives needs about a millisecond. */
const PATIENCE_MS = 1_000;

export interface ChannelSizes {
  /** Bytes of snapshots that can wait. */
  queueBytes: number;
  keepsPrevious: boolean;
}

/** How many bytes of shared address space a channel takes. A copy has room for whatever the queue has room for. */
export function channelBytes({ queueBytes, keepsPrevious }: ChannelSizes): number {
  const queue = Math.ceil(queueBytes / WORD_BYTES) * WORD_BYTES;
  return QUEUE * WORD_BYTES + queue * (keepsPrevious ? 3 : 1);
}

/** A snapshot in a queue; `position` tells it from every other. */
export interface Queued {
  position: number;
  snapshot: Pick<Snapshot, 'timestamp' | 'places' | 'values'>;
}

/** What all threads share about one storage. Outlives the worker that delivers. */
export class Channel {
  private readonly i32: Int32Array;
  private readonly f64: Float64Array;
  private readonly ring: SnapshotRing;
  private sleeper: Sleeper | undefined;
  private readonly copies: readonly [Float64Array, Float64Array] | undefined;

  constructor(
    readonly buffer: SharedArrayBuffer,
    sizes: ChannelSizes,
    private readonly mark: number,
  ) {
    this.i32 = new Int32Array(buffer);
    this.f64 = new Float64Array(buffer);
    const words = Math.ceil(sizes.queueBytes / WORD_BYTES);
    this.ring = new SnapshotRing(this.f64.subarray(QUEUE, QUEUE + words));
    const copy = (number: number): Float64Array =>
      this.f64.subarray(QUEUE + words * (number + 1), QUEUE + words * (number + 2));
    if (sizes.keepsPrevious) this.copies = [copy(0), copy(1)];
  }

  /** Takes the lease, or has it already. It is kept until the thread ends or gives it up. */
  lease(): boolean {
    const holder = Atomics.compareExchange(this.i32, LEASE, 0, this.mark);
    return holder === 0 || holder === this.mark;
  }

  giveUpLease(): void {
    recover(this.i32, LEASE, this.mark);
  }

  /** Puts a thread that has ended out of everything it may have held. */
  bury(mark: number): void {
    recover(this.i32, LEASE, mark);
    recover(this.i32, LOCK, mark);
    this.raise();
  }

  get state(): number {
    return Atomics.load(this.i32, STATE_HALF);
  }

  set state(state: number) {
    Atomics.store(this.i32, STATE_HALF, state);
    this.raise();
  }

  /** Waits for the next change, but no longer than this; keeps the thread alive for so long. */
  async change(milliseconds: number): Promise<void> {
    this.sleeper ??= new Sleeper(this.i32, WAKE, true);
    await this.sleeper.sleep(milliseconds);
  }

  private raise(): void {
    raise(this.i32, WAKE);
  }

  /** @throws RingmeterError RINGMETER_STORAGE_FAILED if another thread holds the lock for too long */
  exclusively<T>(action: () => T): T {
    if (!lock(this.i32, LOCK, this.mark, performance.now() + PATIENCE_MS))
      throw new RingmeterError('RINGMETER_STORAGE_FAILED', `the storage was in use for ${PATIENCE_MS} ms`);
    try {
      return action();
    } finally {
      unlock(this.i32, LOCK);
    }
  }

  /** Whether a snapshot is due, for one of all the threads that ask. The first is due an interval after the start. */
  claim(now: number, interval: number): boolean {
    if (interval === 0 || now < this.f64[NEXT_DUE]) return false;
    return this.exclusively(() => {
      const due = this.f64[NEXT_DUE];
      if (now < due) return false;
      this.f64[NEXT_DUE] = now + interval;
      return due > 0;
    });
  }

  /**
   * Puts a snapshot at the end of the queue; those that are too old, or have to make room, are dropped and counted.
   *
   * @param urgent whether to try at once, whatever failed before
   * @returns its position
   */
  append({ timestamp, places, values }: Snapshot, queueAge: number, urgent: boolean): number {
    const position = this.exclusively(() => {
      const { ring } = this;
      const before = this.countQueued();
      ring.expire(timestamp - queueAge, Number.POSITIVE_INFINITY);
      ring.rewind();
      const appended = ring.append(timestamp, places, values);
      this.count('dropped', before + 1 - this.countQueued());
      if (urgent) this.f64[NEXT_ATTEMPT] = 0;
      return appended;
    });
    this.raise();
    if (position !== undefined) return position;
    throw new RingmeterError(
      'RINGMETER_STORAGE_FAILED',
      `a snapshot of ${values.byteLength} bytes does not fit into the queue: raise queue.maxBytes`,
    );
  }

  /** The oldest snapshot that waits, copied. */
  next(): Queued | undefined {
    return this.exclusively(() => {
      for (const { position, timestamp, places, values } of this.ring.entries())
        return { position, snapshot: { timestamp, places, values: values.slice() } };
      return undefined;
    });
  }

  /** Takes a snapshot that was stored, or will never be, out of the queue, if it has not been dropped meanwhile. */
  settle({ position, snapshot }: Queued, outcome: 'stored' | 'rejected'): void {
    this.exclusively(() => {
      const { ring, f64 } = this;
      const [oldest] = ring.entries();
      // a thread that ends in between has it stored once more, after itself: that makes no difference
      if (outcome === 'stored') this.keep(snapshot);
      this.count(outcome, 1);
      if (oldest?.position === position) ring.dropOldest();
      else this.count('dropped', -1);
      f64[FAILURES_IN_A_ROW] = 0;
      f64[NEXT_ATTEMPT] = 0;
      if (outcome !== 'stored') return;
      f64[LAST_SUCCESS] = Date.now();
      f64[STORED_UP_TO] = position + 1;
    });
    this.raise();
  }

  /** Notes that a storage without a queue has stored a snapshot. */
  noteStored(): void {
    this.exclusively(() => {
      this.count('stored', 1);
      this.f64[FAILURES_IN_A_ROW] = 0;
      this.f64[LAST_SUCCESS] = Date.now();
    });
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

  /** The snapshot that was stored last, if that is kept. */
  previous(): Queued['snapshot'] | undefined {
    const copy = this.copies?.[this.counted('stored') & 1];
    if (copy === undefined || copy[COPY.TIMESTAMP] === 0) return undefined;
    const values = copy.slice(COPY.VALUES, COPY.VALUES + copy[COPY.COLUMNS]);
    return { timestamp: copy[COPY.TIMESTAMP], places: copy[COPY.PLACES], values };
  }

  /** Notes a failed attempt. @returns how many have failed in a row */
  fail(message: string, nextAttempt: (failures: number) => number): number {
    const failures = this.exclusively(() => {
      const { f64 } = this;
      const count = f64[FAILURES_IN_A_ROW] + 1;
      f64[FAILURES_IN_A_ROW] = count;
      f64[NEXT_ATTEMPT] = nextAttempt(count);
      this.count('failures', 1);
      this.writeError(message);
      return count;
    });
    this.raise();
    return failures;
  }

  private writeError(message: string): void {
    const bytes = Buffer.from(message).subarray(0, ERROR_WORDS * WORD_BYTES);
    new Uint8Array(this.buffer, ERROR * WORD_BYTES).set(bytes);
    this.f64[ERROR_LENGTH] = bytes.length;
  }

  /** What the last failed attempt said. */
  lastError(): string | undefined {
    const length = this.f64[ERROR_LENGTH];
    const start = ERROR * WORD_BYTES;
    if (length === 0) return undefined;
    return Buffer.from(new Uint8Array(this.buffer).slice(start, start + length)).toString('utf8');
  }

  /** Whether the last attempt failed. */
  get isFailing(): boolean {
    return this.f64[FAILURES_IN_A_ROW] > 0;
  }

  /** Whether the time for the next attempt has come. */
  mayTry(now: number): boolean {
    return now >= this.f64[NEXT_ATTEMPT];
  }

  /** Whether the snapshot at a position, or a later one, has been stored. */
  hasStored(position: number): boolean {
    return this.f64[STORED_UP_TO] > position;
  }

  get lastSuccess(): number {
    return this.f64[LAST_SUCCESS];
  }

  get signOfLife(): number {
    return this.f64[SIGN_OF_LIFE];
  }

  showLife(now: number): void {
    this.f64[SIGN_OF_LIFE] = now;
  }

  count(what: Count, by: number): void {
    this.f64[COUNTS_START + COUNTS.indexOf(what)] += by;
  }

  /** An indication, unless the caller holds the lock. */
  counted(what: Count): number {
    return this.f64[COUNTS_START + COUNTS.indexOf(what)];
  }

  countQueued(): number {
    let count = 0;
    for (const _ of this.ring.entries()) count++;
    return count;
  }

  /** Bytes of the queue in use. */
  get queuedBytes(): number {
    return (this.ring.end - this.ring.oldest) * WORD_BYTES;
  }
}
