import { exclusively } from '../atomics/exclusively';
import { hold, recover, unlock } from '../atomics/mutex';
import { sharedMemory } from '../atomics/shared-memory';
import { raise } from '../atomics/signal';
import { monotonic } from '../common/monotonic';

/*
 * The bytes of a board, in one SharedArrayBuffer: what threads share about the groups of rules, beside their state. Words
 * of 8 bytes:
 *
 *     0  changes lock | wanted     mutex: who writes the ring of changes or reads it
 *     1  state | changed           atomic: 1 = nothing is evaluated any more; atomic: raised after every change
 *     2  clock offset           float64: what to add to the monotonic clock for the time that groups go by
 *     8  groups, a cache line each:
 *        +0  lease | wanted        mutex: which thread evaluates the group
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
const PATIENCE_MS = 1_000;

/** What is counted of a group: evaluations of it, of its rules those that failed, steps that were left out. */
export const GROUP_COUNTS = ['evaluations', 'failures', 'missed', 'seconds', 'lastSeconds'] as const;
export type GroupCount = (typeof GROUP_COUNTS)[number];

/** Outlives every thread that evaluates. */
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

  /** The word that is raised after every change of an alert, and where it stands. */
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

  /** Takes a group's lease, or has it already. */
  lease(group: number): boolean {
    return hold(this.i32, leaseOf(group), this.mark);
  }

  giveUpLease(group: number): void {
    unlock(this.i32, leaseOf(group));
  }

  /** Puts a thread that has ended out of all it may have held. */
  bury(mark: number): void {
    recover(this.i32, CHANGES_LOCK, mark);
    for (let group = 0; leaseOf(group) < this.i32.length; group++) recover(this.i32, leaseOf(group), mark);
  }

  /** The time of a group's last evaluation. Its owner writes it; what others read may be a moment old. */
  lastStep(group: number): number {
    return this.f64[GROUPS + group * GROUP_WORDS + LAST_STEP];
  }

  setLastStep(group: number, time: number): void {
    this.f64[GROUPS + group * GROUP_WORDS + LAST_STEP] = time;
  }

  counted(group: number, what: GroupCount): number {
    return this.f64[countOf(group, what)];
  }

  /** For the group's owner. */
  count(group: number, what: GroupCount, by: number): void {
    this.f64[countOf(group, what)] += by;
  }

  /** For the group's owner: how long the last evaluation took. */
  noteDuration(group: number, seconds: number): void {
    this.f64[countOf(group, 'lastSeconds')] = seconds;
    this.count(group, 'seconds', seconds);
  }

  async withChanges<T>(action: () => T): Promise<T> {
    const inUse = () => new Error(`the changes of alerts were in use for ${PATIENCE_MS} ms`);
    return exclusively(this.i32, CHANGES_LOCK, this.mark, PATIENCE_MS, action, inUse);
  }

  tell(): void {
    raise(this.i32, CHANGED);
  }
}

const leaseOf = (group: number): number => 2 * (GROUPS + group * GROUP_WORDS);

const countOf = (group: number, what: GroupCount): number =>
  GROUPS + group * GROUP_WORDS + COUNTS_AT + GROUP_COUNTS.indexOf(what);
