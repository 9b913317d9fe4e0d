import type { Arena } from '../arena/arena';
import { CODE_MASK, EVENT_WORDS, HEADER, int, SERIES_MASK, SHARD } from '../arena/layout';
import { openShards, type Shard } from '../arena/shard';
import { isWanted, leaveToOthers, lock, tryLock, unlock } from '../atomics/mutex';
import { warnOnce } from '../common/warning';
import { cellOf, fold } from '../kinds/fold';

/** Events folded under one hold of the lock: few enough that a thread that wants to read a value hardly waits. */
const BATCH = 4096;

/**
 * How old a store must be before it counts as visible to every thread without an atomic publication. Stores leave a
 * processor's store buffer within microseconds; this is an engineering argument, not one of the language's memory model,
 * and it concerns only the last few events of a thread that is blocked, idle or dead.
 */
export const VISIBILITY_MS = 2;

/** Wait for a holder for which a wait of this thread has timed out already: a running holder releases in that time. */
const SECOND_MAX_WAIT_MS = 2;

/** The positions up to which the owners of all shards had written at one moment. */
export interface WrittenHeads {
  /** Counts of events written, which do not wrap. */
  readonly heads: Float64Array;
  /** By performance.now() of the thread that read them. */
  readonly takenAt: number;
  /** Whether some thread had written events without publishing them. */
  readonly unpublished: boolean;
  /** Most events that waited in one ring. */
  readonly waiting: number;
}

/**
 * Takes events out of rings and folds them into cells, on the thread that has this object. Any number of threads may
 * drain the same arena: the shard's lock lets one thread at a time fold a shard.
 *
 * Positions in the arena wrap at 32 bits. Here they are widened to counts, relative to the count of folded events: a
 * head is at most one ring length away from it. So positions seen long ago can be compared with present ones.
 */
export class Drainer {
  /** All shards, whether or not they have ever been used. */
  readonly shards: readonly Shard[];
  /** Per shard, the head (as a count) whose events are old enough to be read as if they were published. */
  private readonly acceptedHeads: Float64Array;
  /** Per shard, mark of the holder for which this thread's last wait for the lock timed out; 0 if it got the lock. */
  private readonly keepers: Int32Array;

  constructor(
    readonly arena: Arena,
    readonly mark: number,
  ) {
    this.shards = openShards(arena);
    this.acceptedHeads = new Float64Array(this.shards.length);
    this.keepers = new Int32Array(this.shards.length);
  }

  /** Reads how far each owner has written. Pass the result to `acceptHeads` at least VISIBILITY_MS later. */
  readHeads(): WrittenHeads {
    const used = this.used();
    const heads = new Float64Array(this.shards.length);
    for (const shard of used) heads[shard.number] = widen(shard, shard.head);
    const unpublished = used.some((shard) => heads[shard.number] > this.visibleHead(shard));
    const waiting = used.reduce((most, shard) => Math.max(most, heads[shard.number] - shard.folded), 0);
    return { heads, takenAt: performance.now(), unpublished, waiting };
  }

  /** From now on treats the events before those heads as published; does nothing if they were read too recently. */
  acceptHeads(written: WrittenHeads): void {
    if (performance.now() - written.takenAt < VISIBILITY_MS) return;
    written.heads.forEach((head, number) => {
      this.acceptedHeads[number] = Math.max(this.acceptedHeads[number], head);
    });
  }

  /** Count up to which this thread may read the shard's ring. */
  private visibleHead(shard: Shard): number {
    return Math.max(widen(shard, shard.published), this.acceptedHeads[shard.number]);
  }

  /**
   * Folds the readable events of every shard whose lock is free.
   *
   * @returns how many events were folded
   */
  drainAll(): number {
    this.arena.tick();
    let folded = 0;
    for (const shard of this.used()) {
      const head = this.visibleHead(shard);
      while (shard.folded < head && tryLock(this.arena.i32, shard.lock, this.mark)) {
        folded += this.foldBatch(shard, head);
        unlock(this.arena.i32, shard.lock);
      }
    }
    return folded;
  }

  /**
   * Drains all readable events of the shards, and keeps their locks while `read` reads the cells: a consistent cut
   * across all instruments. Locks are taken in the order given, so readers cannot deadlock.
   *
   * A long `read` calls `letWaitersIn` now and then: if another thread waits for one of the locks, it releases all of them
   * for a moment. Cells read after that may be newer than those read before.
   *
   * @param maxWait milliseconds to wait for the locks. If a shard's lock is not free in time, `read` runs without it:
   *   the events still in its ring are missing, and its cells have to be read by their sequence words: see `holds`.
   */
  withDrained(shards: readonly Shard[], maxWait: number, read: (letWaitersIn: () => void) => void): void {
    const { i32 } = this.arena;
    let held = this.lockAll(shards, maxWait);
    const letWaitersIn = (): void => {
      const wanted = held.find((shard) => isWanted(i32, shard.lock));
      if (wanted === undefined) return;
      // all of them: the waiting thread may need them all, in the same order
      for (const shard of held) unlock(i32, shard.lock);
      leaveToOthers(i32, wanted.lock);
      held = this.lockAll(shards, maxWait);
    };
    try {
      for (const shard of held) {
        const head = this.visibleHead(shard);
        while (shard.folded < head) this.foldBatch(shard, head);
      }
      read(letWaitersIn);
    } finally {
      for (const shard of held) unlock(i32, shard.lock);
    }
  }

  /** Whether this thread has the shard's lock. */
  readonly holds = (shard: Shard): boolean => Atomics.load(this.arena.i32, shard.lock) === this.mark;

  private lockAll(shards: readonly Shard[], maxWait: number): readonly Shard[] {
    const deadline = performance.now() + maxWait;
    return shards.filter((shard) => this.lock(shard, deadline));
  }

  /** After a wait for a holder has timed out, further waits for the same holder are short. */
  private lock(shard: Shard, deadline: number): boolean {
    const { i32 } = this.arena;
    const holder = Atomics.load(i32, shard.lock);
    const knownToKeepIt = holder !== 0 && this.keepers[shard.number] === holder;
    const taken = lock(i32, shard.lock, this.mark, knownToKeepIt ? performance.now() + SECOND_MAX_WAIT_MS : deadline);
    this.keepers[shard.number] = taken ? 0 : Atomics.load(i32, shard.lock);
    return taken;
  }

  /** Shards that some thread has ever owned, in their order, except those whose ring is still being allocated. */
  used(): readonly Shard[] {
    const used = Atomics.load(this.arena.i32, int(HEADER.USED_SHARDS));
    return this.shards.slice(0, used).filter(({ ring }) => ring !== 0);
  }

  /** Folds up to BATCH events before `head`. The caller holds the shard's lock. */
  private foldBatch(shard: Shard, head: number): number {
    const { arena } = this;
    const { i32, f64 } = arena;
    const { ring, cells, base } = shard;
    const mask = arena.ringCapacity - 1;
    const progress = base + SHARD.FOLDED;
    const first = f64[progress];
    const pending = head - first;
    // 0 if another thread has drained the shard since the caller read the head
    const count = Math.max(Math.min(pending, BATCH), 0);
    if (pending > f64[base + SHARD.HIGH_WATER]) f64[base + SHARD.HIGH_WATER] = pending;
    for (let offset = 0; offset < count; offset++) {
      const event = ring + (((first + offset) | 0) & mask) * EVENT_WORDS;
      const code = i32[int(event)] & CODE_MASK;
      const aux = i32[int(event) + 1];
      const done = first + offset + 1;
      const cell = cellOf(arena, cells, code & SERIES_MASK);
      if (!fold(arena, cell, code, aux, f64[event + 1], progress, done, false)) {
        warnOnce('RINGMETER_OUT_OF_MEMORY', 'no memory for the cells of a series: its records are dropped');
        f64[base + SHARD.DROPPED_AT_FOLD] += 1;
        f64[progress] = done;
      }
    }
    shard.free();
    return count;
  }
}

/** Widens a 32-bit position to a count, by its distance from the shard's count of folded events. */
function widen(shard: Shard, position: number): number {
  const { folded } = shard;
  return folded + ((position - (folded | 0)) | 0);
}
