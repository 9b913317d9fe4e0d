import { exclusively } from '../atomics/exclusively';
import { hold, recover, unlock } from '../atomics/mutex';
import { sharedMemory } from '../atomics/shared-memory';
import { raise } from '../atomics/signal';
import { monotonic } from '../common/monotonic';

/*
 * The bytes of a board, in one SharedArrayBuffer: leases, counters and clock of all groups, shared by all threads.
 * Words of 8 bytes:
 *
 *     0  changes lock | wanted     mutex: guards reads and writes of the ring of changes
 *     1  state | changed           atomic: 1 = evaluations have stopped; atomic: incremented after every change
 *     2  clock offset           float64: the rules' clock minus the monotonic clock
 *     8  groups, a cache line each:
 *        +0  lease | wanted        mutex: held by the thread that evaluates the group
 *        +1  last step             float64: the time of the last evaluation, by the rules' clock; 0 = none yet
 *        +2  counts                float64 each, in the order of COUNTS
 */
const CHANGES_LOCK = 0;
const STATE = 2;
const CHANGED = 3;
const CLOCK_OFFSET = 2;
const GROUPS = 8;
const GROUP_WORDS = 8;
const LAST_STEP = 1;
const COUNTS_AT = 2;
const WORD_BYTES = 8;
const MAX_WAIT_MS = 1_000;

/** Counters of a group: its evaluations, failed evaluations of its rules, skipped steps, and seconds. */
export const GROUP_COUNTS = ['evaluations', 'failures', 'missed', 'seconds', 'lastSeconds'] as const;
export type GroupCount = (typeof GROUP_COUNTS)[number];

/** The shared state of all groups; outlives every thread that evaluates. */
export class RuleBoard {
  private readonly i32: Int32Array;
  private readonly f64: Float64Array;

  /** @param mark the calling thread's */
  constructor(
    buffer: SharedArrayBuffer,
    private readonly mark: number,
  ) {
    this.i32 = new Int32Array(buffer);
    this.f64 = new Float64Array(buffer);
  }

  static allocate(groups: number): SharedArrayBuffer {
    const buffer = sharedMemory((GROUPS + groups * GROUP_WORDS) * WORD_BYTES, 'maxMemory');
    new Float64Array(buffer)[CLOCK_OFFSET] = Date.now() - monotonic();
    return buffer;
  }

  /** The word that is incremented after every change of an alert, as array and index. */
  get changed(): readonly [Int32Array, number] {
    return [this.i32, CHANGED];
  }

  get clockOffset(): number {
    return this.f64[CLOCK_OFFSET];
  }

  get isClosed(): boolean {
    return Atomics.load(this.i32, STATE) !== 0;
  }

  close(): void {
    Atomics.store(this.i32, STATE, 1);
  }

  /** Tries to take a group's lease. @returns whether this thread holds it now */
  lease(group: number): boolean {
    return hold(this.i32, leaseOf(group), this.mark);
  }

  giveUpLease(group: number): void {
    unlock(this.i32, leaseOf(group));
  }

  /** Releases the leases and the lock of a thread that has ended. */
  cleanUpAfter(mark: number): void {
    recover(this.i32, CHANGES_LOCK, mark);
    for (let group = 0; leaseOf(group) < this.i32.length; group++) recover(this.i32, leaseOf(group), mark);
  }

  /** The time of a group's last evaluation. The holder of the lease writes it; other threads may read a stale one. */
  lastStep(group: number): number {
    return this.f64[GROUPS + group * GROUP_WORDS + LAST_STEP];
  }

  setLastStep(group: number, time: number): void {
    this.f64[GROUPS + group * GROUP_WORDS + LAST_STEP] = time;
  }

  counted(group: number, what: GroupCount): number {
    return this.f64[countOf(group, what)];
  }

  /** Only for the holder of the group's lease. */
  count(group: number, what: GroupCount, by: number): void {
    this.f64[countOf(group, what)] += by;
  }

  /** Only for the holder of the group's lease: the duration of the last evaluation. */
  noteDuration(group: number, seconds: number): void {
    this.f64[countOf(group, 'lastSeconds')] = seconds;
    this.count(group, 'seconds', seconds);
  }

  async withChanges<T>(action: () => T): Promise<T> {
    const inUse = () =>
      new Error(`another thread has held the lock of the alert changes for more than ${MAX_WAIT_MS} ms`);
    return exclusively(this.i32, CHANGES_LOCK, this.mark, MAX_WAIT_MS, action, inUse);
  }

  tell(): void {
    raise(this.i32, CHANGED);
  }
}

const leaseOf = (group: number): number => 2 * (GROUPS + group * GROUP_WORDS);

const countOf = (group: number, what: GroupCount): number =>
  GROUPS + group * GROUP_WORDS + COUNTS_AT + GROUP_COUNTS.indexOf(what);
