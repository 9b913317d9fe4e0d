// not the globals: there are realms that have none, or whose timers are not node's
import { clearTimeout, setTimeout } from 'node:timers';
import { threadId } from 'node:worker_threads';
import type { Arena } from '../arena/arena';
import { EVENT_WORDS, HEADER, int, lapOf, SERIES_MASK, SHARD } from '../arena/layout';
import { openShards, type Shard, threadMark } from '../arena/shard';
import { raise } from '../atomics/signal';
import { inRootContext } from '../common/root-context';
import type { FullPolicy } from '../common/settings';
import { warnOnce } from '../common/warning';
import { cellOf, fold } from '../kinds/fold';
import { endInFlight } from '../lifecycle/in-flight';

/** Elements of the Int32Array that an event takes. */
const EVENT_INTS = int(EVENT_WORDS);
/** Events between two atomic publications, whose 15 ns are spread over them; fewer if the ring is small. */
const PUBLISH_EVERY = 64;
/** Events folded in place or dropped between two checks for room in the ring: a check costs more than such a fold. */
const RETRY_EVERY = 128;
/** Milliseconds between heartbeats, which also publish, of a thread that is recording, and of an idle one. */
const HEARTBEAT_MS = 100;
export const IDLE_HEARTBEAT_MS = 500;

/** Where the next event goes. */
const Room = {
  /** In the ring. */
  RING: 0,
  /** Not in the ring: fold it in place. */
  CELLS: 1,
  /** The ring is full, and the user wants events dropped then (onFull: 'drop'). */
  DROP: 2,
  /** There is no shard for this thread. */
  NONE: 3,
} as const;
type Room = (typeof Room)[keyof typeof Room];

/**
 * Writes one thread's events: the only producer of its shard's ring, and the only writer of the shard's overflow cells.
 * Only the thread that made it uses it. It claims a shard at the first record.
 *
 * Publication: the three stores of an event come first, the `Atomics.store` of the published head after them. A thread
 * that loads the published head may read every event before it.
 */
export class Recorder {
  private readonly i32: Int32Array;
  private readonly f64: Float64Array;
  /** Int32Array index of the next event. */
  private at = 0;
  /** The index at which `turn` has to be called before an event can be written. */
  private stop = 0;
  /** Where the ring begins and ends. */
  private begin = 0;
  private end = 0;
  /** The lap bit of the present lap's events, and the position of its first event. */
  private lap = 0;
  private lapStart = 0;
  private shard: Shard | undefined;
  /** Last value read of the shard's freed position: slots before it may be overwritten. */
  private freed = 0;
  /** Number of events that bypass the ring before the next check for room in it, or for a free shard. */
  private recordsToSkip = 0;
  /** Value of `freed` when drainers were last woken: if it is unchanged, they have not drained since. */
  private freedAtWake = 0;
  private readonly publishEvery: number;
  private heartbeat: NodeJS.Timeout | undefined;
  /** The retire sequences that this thread has acknowledged, and has cleared its caches for: see recycler.ts. */
  private acknowledged = 0;
  private forgotten = 0;
  /** Clears the caches of resolved label sets whose series' memory may be reused. */
  forget = (): void => {};
  private readonly mark = threadMark(threadId);

  /** Where events go while the ring is full. */
  private readonly withoutRing: Room;

  constructor(
    readonly arena: Arena,
    onFull: FullPolicy,
  ) {
    this.withoutRing = onFull === 'fold' ? Room.CELLS : Room.DROP;
    this.i32 = arena.i32;
    this.f64 = arena.f64;
    // `look` has to run when the ring is half full
    this.publishEvery = Math.min(PUBLISH_EVERY, arena.ringCapacity / 4);
  }

  /** Records one event. The caller has checked that the value is a finite number. */
  record(code: number, aux: number, value: number): void {
    if (this.at === this.stop) {
      const room = this.turn();
      if (room !== Room.RING) {
        this.overflow(room, code, aux, value);
        return;
      }
    }
    this.write(code, aux, value);
  }

  /**
   * Records one event of a gauge's `set`, in a new epoch. The epoch is taken only when there is room for the event: if
   * its `set` were then dropped, the additions that other threads stamp with that epoch would wait for it in vain.
   *
   * @param epoch Int32Array index of the gauge's epoch
   */
  recordInNewEpoch(code: number, epoch: number, value: number): void {
    if (this.at === this.stop) {
      const room = this.turn();
      if (room !== Room.RING) {
        this.overflow(room, code, room === Room.CELLS && this.hasCells(code) ? this.nextEpoch(epoch) : 0, value);
        return;
      }
    }
    this.write(code, this.nextEpoch(epoch), value);
  }

  private write(code: number, aux: number, value: number): void {
    // reading each field once saves half a nanosecond of five
    const { i32, at } = this;
    i32[at + 1] = aux;
    this.f64[(at >> 1) + 1] = value;
    // last: its lap bit tells readers that the event is complete
    i32[at] = code | this.lap;
    this.at = at + EVENT_INTS;
  }

  /** Where the next event goes. */
  private get position(): number {
    return (this.lapStart + (this.at - this.begin) / EVENT_INTS) | 0;
  }

  private set position(position: number) {
    const { ringCapacity } = this.arena;
    const slot = position & (ringCapacity - 1);
    this.at = this.begin + slot * EVENT_INTS;
    this.lapStart = (position - slot) | 0;
    this.lap = lapOf(position, ringCapacity);
  }

  /**
   * The epoch for an addition to a gauge. A plain load: a slightly old value is as good as an addition made slightly
   * earlier. The word is 0 before the first `set`, and for a moment each time the epochs wrap, while a `set` skips 0.
   * In both cases -1 is right: it is older than the next `set`, and it is the last epoch before the wrap.
   */
  epoch(index: number): number {
    return this.i32[index] || -1;
  }

  /** Takes an epoch later than all that any thread has taken so far. Never 0, the epoch of cells never written. */
  private nextEpoch(index: number): number {
    return (Atomics.add(this.i32, index, 1) + 1) | 0 || this.nextEpoch(index);
  }

  /**
   * Counts a record whose value or labels cannot be used.
   *
   * @param subject the metric and the problem: the user is warned once per subject
   */
  refuse(reason: string, subject: string): void {
    warnOnce('RINGMETER_INVALID_RECORD', `a record was refused and counted as invalid: ${reason}`, subject);
    if (this.ownsShard()) this.f64[this.shard!.base + SHARD.INVALID] += 1;
    else this.arena.count(HEADER.REFUSED);
  }

  /** Makes everything recorded so far visible to every thread. */
  publish(): void {
    if (this.shard === undefined) return;
    Atomics.store(this.i32, int(this.shard.base + SHARD.PUBLISHED), this.position);
  }

  /** Publishes and releases the shard; another thread, or this one, may claim it and continue at its positions. */
  close(): void {
    clearTimeout(this.heartbeat);
    this.forget();
    if (this.shard !== undefined) {
      endInFlight(this.shard, this.mark);
      this.shard.release(this.mark);
    }
    this.shard = undefined;
    this.stop = this.at;
    this.recordsToSkip = 0;
  }

  /** The shard that this thread records into; undefined before its first record. */
  get own(): Shard | undefined {
    return this.shard;
  }

  /** The shard of this thread, claimed now if it has none; undefined if no shard is free. */
  claimed(): Shard | undefined {
    return this.ownsShard() ? this.shard : undefined;
  }

  /** The slow path of a record, now and then: claims a shard, publishes, and finds out where the next event goes. */
  private turn(): Room {
    if (!this.ownsShard()) return Room.NONE;
    if (this.recordsToSkip > 0) {
      this.recordsToSkip--;
      return this.withoutRing;
    }
    const free = this.look();
    if (free === 0) {
      this.recordsToSkip = RETRY_EVERY;
      this.arena.tick();
      return this.withoutRing;
    }
    if (this.at === this.end) this.position = (this.lapStart + this.arena.ringCapacity) | 0;
    this.stop = Math.min(this.at + Math.min(free, this.publishEvery) * EVENT_INTS, this.end);
    return Room.RING;
  }

  /** Publishes, and wakes the drainers once each time they have left the ring half full. Returns the number of free slots. */
  private look(): number {
    const { i32, position } = this;
    const { base } = this.shard!;
    const { ringCapacity } = this.arena;
    Atomics.store(i32, int(base + SHARD.PUBLISHED), position);
    // a plain load: seeing the new sequence slightly later does no harm
    if (i32[int(HEADER.RETIRE)] !== this.acknowledged) this.acknowledge();
    let waiting = (position - this.freed) | 0;
    if (waiting >= ringCapacity / 2) {
      // this word is on a cache line that drainers write: fetch it only when it matters
      this.freed = Atomics.load(i32, int(base + SHARD.FREED));
      waiting = (position - this.freed) | 0;
    }
    if (waiting >= ringCapacity / 2 && this.freed !== this.freedAtWake) {
      this.freedAtWake = this.freed;
      raise(i32, int(HEADER.WAKE));
    }
    return ringCapacity - waiting;
  }

  /**
   * In two calls: first clears the caches, then acknowledges. The record in progress may still be for a series that the
   * first call removes from the caches; by the second call, its event has been published or folded.
   */
  private acknowledge(): void {
    const sequence = Atomics.load(this.i32, int(HEADER.RETIRE));
    if (this.forgotten === sequence) {
      this.acknowledged = sequence;
      this.shard!.acknowledged = sequence;
      return;
    }
    this.forget();
    this.forgotten = sequence;
  }

  /** Folds, drops or counts an event for which the ring has no room. */
  private overflow(room: Room, code: number, aux: number, value: number): void {
    if (room === Room.CELLS && this.foldInPlace(code, aux, value)) return;
    if (this.shard === undefined) this.arena.count(HEADER.LOST);
    else this.f64[this.shard.base + SHARD.DROPPED] += 1;
    if (room === Room.CELLS)
      warnOnce('RINGMETER_OUT_OF_MEMORY', 'no memory for the cells of a series: its records are dropped');
    if (room === Room.DROP)
      warnOnce('RINGMETER_DROPPED', "a ring was full and onFull is 'drop': records are dropped and counted");
  }

  /** Whether the series of an event has overflow cells; allocates them if there is memory. */
  private hasCells(code: number): boolean {
    return cellOf(this.arena, this.shard!.overflowCells, code & SERIES_MASK) !== 0;
  }

  /** Folds one event into the overflow cells, which other threads read by the sequence word, without a lock. */
  private foldInPlace(code: number, aux: number, value: number): boolean {
    const { arena, shard } = this;
    const progress = shard!.base + SHARD.FOLDED_IN_PLACE;
    const done = this.f64[progress] + 1;
    const cell = cellOf(arena, shard!.overflowCells, code & SERIES_MASK);
    return fold(arena, cell, code, aux, value, progress, done, true);
  }

  /** Whether this thread has a shard; claims one if it can. If none is free, it tries again only now and then. */
  private ownsShard(): boolean {
    if (this.shard !== undefined) return true;
    if (this.recordsToSkip === 0 && this.takeShard()) return true;
    this.recordsToSkip = this.recordsToSkip === 0 ? RETRY_EVERY : this.recordsToSkip - 1;
    return false;
  }

  /** Claims the first free shard, and continues at its positions. */
  private takeShard(): boolean {
    const shards = openShards(this.arena);
    const shard = shards.find((candidate) => candidate.claim(this.mark));
    if (shard === undefined) {
      warnOnce('RINGMETER_NO_SHARD', () => whyNoShard(this.arena, shards));
      return false;
    }
    this.shard = shard;
    this.acknowledged = 0;
    this.forgotten = 0;
    this.begin = int(shard.ring);
    this.end = this.begin + this.arena.ringCapacity * EVENT_INTS;
    this.position = shard.head;
    this.freed = shard.freed;
    this.freedAtWake = ~this.freed;
    this.stop = this.at;
    this.publish();
    inRootContext(() => this.beatLater());
    return true;
  }

  /** @param before the position at the last heartbeat */
  private beat(before: number): void {
    this.publish();
    // no record is in progress in a timer callback, so both steps can be made at once
    for (let step = 0; step < 2 && this.i32[int(HEADER.RETIRE)] !== this.acknowledged; step++) this.acknowledge();
    this.beatLater(before);
  }

  /** @param before the position at the last heartbeat */
  private beatLater(before = this.position): void {
    // not in `publish`, which also runs while the event loop is blocked; `tick`, since nobody else may tick the clock
    this.f64[this.shard!.base + SHARD.HEARTBEAT] = this.arena.tick();
    const { position } = this;
    const pause = position === before ? IDLE_HEARTBEAT_MS : HEARTBEAT_MS;
    this.heartbeat = setTimeout(beatLater, pause, new WeakRef(this), position);
    this.heartbeat.unref();
  }

  /** @param before as for `beat` */
  beatAgain(before: number): void {
    if (this.shard !== undefined) this.beat(before);
  }
}

/** Why no shard could be claimed. If one of them has no owner, the arena was too full for its ring. */
function whyNoShard({ maxThreads, ringCapacity, buffer }: Arena, shards: readonly Shard[]): string {
  const reason = shards.some(({ owner }) => owner === 0)
    ? `no memory for the ring of another recording thread: raise maxMemory (${buffer.byteLength} bytes) or lower ringCapacity (${ringCapacity} events)`
    : `${maxThreads} threads record already: raise maxThreads`;
  return `${reason}; what this thread records is counted as dropped`;
}

/** Weak: a record after `close()` restarts the heartbeat, whose timer must not keep the arena in memory for ever. */
function beatLater(recorder: WeakRef<Recorder>, before: number): void {
  recorder.deref()?.beatAgain(before);
}
