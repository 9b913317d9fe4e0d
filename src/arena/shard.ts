import { threadId } from 'node:worker_threads';
import { recover, takeOver, unlock } from '../atomics/mutex';
import type { Arena } from './arena';
import { alignToLine, EVENT_WORDS, HEADER, high, int, lapOf, SHARD } from './layout';
import { recoverLives } from './lives';

/**
 * One shard, seen from any thread. Shards are numbered. A shard outlives its owner: the next thread that claims it goes
 * on with its cells, ring and counts, so nothing is lost when a thread ends, and no data has to be moved.
 */
export class Shard {
  /** Word index of the shard's first field. */
  readonly base: number;
  private ringPointer = 0;

  constructor(
    readonly arena: Arena,
    readonly number: number,
  ) {
    this.base = arena.shards + number * SHARD.WORDS;
  }

  /** Pointer to the ring, 0 while no thread ever owned this shard. */
  get ring(): number {
    if (this.ringPointer === 0) this.ringPointer = Atomics.load(this.arena.i32, int(this.base + SHARD.RING));
    return this.ringPointer;
  }

  /** Int32Array index of the page table of the cells that the lock's holder writes. */
  get cells(): number {
    return int(this.arena.i32[int(this.base + SHARD.TABLES)]);
  }

  /** Int32Array index of the page table of the cells that only the owner writes. */
  get overflowCells(): number {
    return int(this.arena.i32[high(this.base + SHARD.TABLES)]);
  }

  get lock(): number {
    return int(this.base + SHARD.LOCK);
  }

  /** Mark of the recording thread that owns the shard, 0 if none does. */
  get owner(): number {
    return Atomics.load(this.arena.i32, int(this.base + SHARD.OWNER));
  }

  /** The retire sequence for which the owner has cleared its index of label sets: see recycler.ts. */
  get acknowledged(): number {
    return Atomics.load(this.arena.i32, int(this.base + SHARD.ACKNOWLEDGED));
  }

  set acknowledged(sequence: number) {
    Atomics.store(this.arena.i32, int(this.base + SHARD.ACKNOWLEDGED), sequence);
  }

  /** Position up to which anyone may read. */
  get published(): number {
    return Atomics.load(this.arena.i32, int(this.base + SHARD.PUBLISHED));
  }

  /** Position before which the owner may overwrite slots. */
  get freed(): number {
    return Atomics.load(this.arena.i32, int(this.base + SHARD.FREED));
  }

  /**
   * Position up to which the owner has written: at `published` or a few events later, found by the lap bits in the
   * ring. A reader may use these events only when their stores are old enough. If the owner overwrites slots during the
   * search, it ends early; but then the owner has published all events that were unpublished when the search began.
   */
  get head(): number {
    const { ringCapacity } = this.arena;
    const { published, freed } = this;
    // the owner ended before it had allocated the ring
    if (this.ring === 0) return published;
    // drainers may have taken unpublished events of a blocked thread: then the freed position is ahead
    let position = ((published - freed) | 0) > 0 ? published : freed;
    while (((position - freed) | 0) < ringCapacity && this.isWritten(position)) position = (position + 1) | 0;
    return position;
  }

  /** Whether the slot of a position that is not freed has the event of that position. */
  private isWritten(position: number): boolean {
    const { i32, ringCapacity } = this.arena;
    const slot = this.ring + (position & (ringCapacity - 1)) * EVENT_WORDS;
    return (Atomics.load(i32, int(slot)) ^ lapOf(position, ringCapacity)) > 0;
  }

  /** How many collect-time values the owner has; if 0, a collect does not ask it. */
  get callbacks(): number {
    return Atomics.load(this.arena.i32, int(this.base + SHARD.CALLBACKS));
  }

  /** Called by the owner, or by the thread that releases the shard in its place. */
  set callbacks(count: number) {
    Atomics.store(this.arena.i32, int(this.base + SHARD.CALLBACKS), count);
  }

  /** Int32Array index of the signal by which a collect asks the owner. */
  get asked(): number {
    return int(this.base + SHARD.ASKED);
  }

  /** Int32Array index of the signal by which the owner answers: the question that it has answered. */
  get answered(): number {
    return high(this.base + SHARD.ASKED);
  }

  /** Events taken out of the ring so far. Exact for the lock's holder, an indication for others. */
  get folded(): number {
    return this.arena.f64[this.base + SHARD.FOLDED];
  }

  /** Tells the owner which slots it may overwrite. Only the lock's holder calls this. */
  free(): void {
    Atomics.store(this.arena.i32, int(this.base + SHARD.FREED), this.folded | 0);
  }

  /** One of the float64 fields: an indication while the thread that writes it runs, exact when it does not. */
  count(field: number): number {
    return this.arena.f64[this.base + field];
  }

  /**
   * Makes the thread with this mark the owner, if the shard is free. Its ring and tables are allocated once.
   *
   * @returns whether the caller owns the shard now
   */
  claim(mark: number): boolean {
    const { i32 } = this.arena;
    const owner = int(this.base + SHARD.OWNER);
    if (Atomics.compareExchange(i32, owner, 0, mark) !== 0) return false;
    if (this.ring !== 0 || this.allocateRing()) {
      this.noteUse();
      return true;
    }
    Atomics.store(i32, owner, 0);
    return false;
  }

  private allocateRing(): boolean {
    const { arena } = this;
    const tableWords = pageTableWords(arena.pageTableCapacity);
    const tables = arena.allocate(tableWords * 2 + arena.ringCapacity * EVENT_WORDS);
    if (tables === 0) return false;
    arena.i32[int(this.base + SHARD.TABLES)] = tables;
    arena.i32[high(this.base + SHARD.TABLES)] = tables + tableWords;
    Atomics.store(arena.i32, int(this.base + SHARD.RING), tables + tableWords * 2);
    return true;
  }

  /** Raises HEADER.USED_SHARDS, so that readers look at the shards up to this one. */
  private noteUse(): void {
    const { i32 } = this.arena;
    const used = int(HEADER.USED_SHARDS);
    for (let seen = Atomics.load(i32, used); seen <= this.number; seen = Atomics.load(i32, used))
      Atomics.compareExchange(i32, used, seen, this.number + 1);
  }

  /** Publishes all events written. Called by the owner, or by the thread that took over from an ended owner. */
  publishHead(): void {
    Atomics.store(this.arena.i32, int(this.base + SHARD.PUBLISHED), this.head);
  }

  /** Gives the shard back. Only the owner calls this, since all stores to the shard are visible to it. */
  release(mark: number): void {
    if (this.owner !== mark) return;
    this.callbacks = 0;
    this.publishHead();
    this.acknowledged = 0;
    Atomics.store(this.arena.i32, int(this.base + SHARD.OWNER), 0);
  }

  /**
   * Cleans up after an ended thread: takes over its lock and its ownership, and releases both. Several threads may be
   * told of one end, and a new owner may record before the last of them calls this. So the thread that cleans up is
   * itself the holder, or the owner, until it is done; if it ends before that, the next thread cleans up after both.
   *
   * @param onTakeOver called by the one thread that takes the ownership over, before it gives the shard back
   */
  cleanUpAfter(deadMark: number, mark: number, onTakeOver: (shard: Shard) => void): void {
    const { i32 } = this.arena;
    if (takeOver(i32, this.lock, deadMark, mark)) {
      // the dead holder may have folded a batch without having freed its slots
      this.free();
      unlock(i32, this.lock);
    }
    if (Atomics.compareExchange(i32, int(this.base + SHARD.OWNER), deadMark, mark) !== deadMark) return;
    if (this.ring !== 0) onTakeOver(this);
    this.release(mark);
  }
}

/** Words of one page table, whole cache lines. */
export function pageTableWords(capacity: number): number {
  return alignToLine(Math.ceil(capacity / 2));
}

/** Every shard of an arena, as one thread sees them. */
export function openShards(arena: Arena): Shard[] {
  return Array.from({ length: arena.maxThreads }, (_, number) => new Shard(arena, number));
}

/** Releases everything an ended thread may have held. The caller must be certain that the thread has ended. */
export function cleanUpAfterThread(
  shards: readonly Shard[],
  ended: number,
  onTakeOver: (shard: Shard) => void = () => {},
): void {
  for (const shard of shards) shard.cleanUpAfter(threadMark(ended), threadMark(threadId), onTakeOver);
  const { arena } = shards[0];
  recover(arena.i32, int(HEADER.COLLECT_LOCK), threadMark(ended));
  recoverLives(arena, threadMark(ended), threadMark(threadId));
}

/** What a thread writes into shared memory to say "me": never 0, never reused within a process. */
export function threadMark(threadId: number): number {
  return threadId + 1;
}

/** Id of the thread that a mark stands for. */
export function threadOf(mark: number): number {
  return mark - 1;
}
