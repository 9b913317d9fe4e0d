import { exclusively } from '../atomics/exclusively';
import { hold, lock, recover, unlock } from '../atomics/mutex';
import { raise, Sleeper } from '../atomics/signal';
import { RingmeterError } from '../common/errors';
import { DeliveryQueue, type QueueSizes, queueWords } from './delivery-queue';

/*
 * The bytes of a channel: the state that threads share about one storage. Words of 8 bytes; words that different
 * threads write stand a cache line apart.
 *
 *      0  lease               | state                  mutex: which thread delivers; atomic: STATE
 *      8  lock                | wanted                 mutex: who changes the queue
 *      9  wake                |                        atomic: incremented after every change
 *     16  next snapshot due   (int64)                  atomic: by the arena's clock, milliseconds
 *     24  sign of life        (float64)                by the arena's clock: last loop turn of the delivering thread
 *     32  delivery queue
 */
const LEASE = 0;
const STATE_HALF = 1;
const LOCK = 16;
const WAKE = 18;
const NEXT_DUE = 16;
const SIGN_OF_LIFE = 24;
const QUEUE = 32;
const WORD_BYTES = 8;

export const STATE = { OPEN: 0, CLOSING: 1, CLOSED: 2 } as const;

/** How long a thread waits for the lock; a live holder releases it after about a millisecond. */
const MAX_WAIT_MS = 1_000;

/** How many bytes of shared address space a channel takes. */
export function channelBytes(sizes: QueueSizes): number {
  return (QUEUE + queueWords(sizes)) * WORD_BYTES;
}

/** The state that all threads share about one storage. Outlives the thread that delivers. */
export class Channel {
  readonly queue: DeliveryQueue;
  private readonly i32: Int32Array;
  private readonly i64: BigInt64Array;
  private readonly f64: Float64Array;
  private sleeper: Sleeper | undefined;

  /** @param mark the calling thread's */
  constructor(
    buffer: SharedArrayBuffer,
    sizes: QueueSizes,
    private readonly mark: number,
  ) {
    this.i32 = new Int32Array(buffer);
    this.i64 = new BigInt64Array(buffer);
    this.f64 = new Float64Array(buffer);
    this.queue = new DeliveryQueue(this.f64.subarray(QUEUE), sizes, (change) => this.change(change));
  }

  /** Tries to take the lease. @returns whether this thread holds it now; it keeps it until it ends or gives it up */
  lease(): boolean {
    return hold(this.i32, LEASE, this.mark);
  }

  giveUpLease(): void {
    recover(this.i32, LEASE, this.mark);
  }

  /** Releases the lease and the lock if a thread that has ended held them; it may have ended at any point. */
  cleanUpAfter(mark: number): void {
    recover(this.i32, LEASE, mark);
    recover(this.i32, LOCK, mark);
    raise(this.i32, WAKE);
  }

  get state(): number {
    return Atomics.load(this.i32, STATE_HALF);
  }

  set state(state: number) {
    Atomics.store(this.i32, STATE_HALF, state);
    raise(this.i32, WAKE);
  }

  /** Wakes the threads that wait for a change. */
  wake(): void {
    raise(this.i32, WAKE);
  }

  /** Waits for a change, at most so many milliseconds; meanwhile keeps the thread alive. */
  async changed(milliseconds: number): Promise<void> {
    this.sleeper ??= new Sleeper(this.i32, WAKE, true);
    await this.sleeper.sleep(milliseconds);
  }

  /** Runs `action`, which changes the queue, while this thread holds the lock. */
  private async change<T>(action: () => T): Promise<T> {
    try {
      return await exclusively(this.i32, LOCK, this.mark, MAX_WAIT_MS, action, inUse);
    } finally {
      raise(this.i32, WAKE);
    }
  }

  /** The same for backends that store at once. Blocks. @throws RingmeterError RINGMETER_STORAGE_FAILED after a second */
  exclusively<T>(action: () => T): T {
    if (!lock(this.i32, LOCK, this.mark, performance.now() + MAX_WAIT_MS)) throw inUse();
    try {
      return action();
    } finally {
      unlock(this.i32, LOCK);
    }
  }

  /**
   * Whether a snapshot is due; only one of all calling threads gets true. The first is due an interval after the start;
   * missed ones are skipped.
   */
  claim(now: number, interval: number): boolean {
    if (interval === 0) return false;
    const due = Atomics.load(this.i64, NEXT_DUE);
    if (now < Number(due)) return false;
    const regular = Number(due) + interval;
    const next = BigInt(Math.ceil(regular > now ? regular : now + interval));
    return Atomics.compareExchange(this.i64, NEXT_DUE, due, next) === due && due > 0n;
  }

  get signOfLife(): number {
    return this.f64[SIGN_OF_LIFE];
  }

  showLife(now: number): void {
    this.f64[SIGN_OF_LIFE] = now;
  }
}

function inUse(): RingmeterError {
  return new RingmeterError(
    'RINGMETER_STORAGE_FAILED',
    `another thread has held the lock of the storage for more than ${MAX_WAIT_MS} ms`,
  );
}
