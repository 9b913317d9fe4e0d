import { ENTRY_WORDS, type RingEntry, SnapshotRing } from '../snapshot/snapshot-ring';
import { LONGEST_BLOCK } from './column-code';
import { headWords, WORD_BYTES } from './layout';
import { Segment, SegmentWriter } from './segment';
import { HistoryWindow } from './window';

export interface HistoryLimits {
  /** Milliseconds after which a snapshot is dropped. */
  maxAge: number;
  maxSnapshots: number;
}

/** Steps in which a block is closed (compressed), if the head has room for the snapshots that arrive meanwhile. */
const STEPS = 4;
/** Most snapshots in a head with enough room: a block, and those that arrive while it and the next are closed. */
const LONGEST_HEAD = LONGEST_BLOCK + 2 * STEPS;
/** Least number of columns that a step compresses. */
const LEAST_COLUMNS = 1_024;
/**
 * Milliseconds. If a snapshot is older than the newest one by up to this, another thread collected it earlier and
 * delivers it late; if it is older by more, the clock has been set back.
 */
const LATEST = 60_000;

/** A block that is being closed. */
interface Closing {
  snapshots: readonly RingEntry[];
  /** Number of columns whose segments are written. */
  done: number;
}

/** A block that is closed. */
interface Block {
  segments: readonly Segment[];
  /** Number of its entries in the ring, together with those left over from a block before it. */
  entries: number;
}

/**
 * Snapshots in shared memory, the newest ones uncompressed and the others compressed by column: see layout.ts. The
 * memory outlives the workers that write it, and each of them can read it.
 *
 * Not safe for two threads at once: the caller of every method holds the storage's lease. An append costs a copy of the
 * snapshot and, on average, the encoding of one value per column, some 15 ns each. One append encodes at most
 * LONGEST_BLOCK / STEPS values per column, or LONGEST_BLOCK for each of LEAST_COLUMNS. If the head has no room for 16
 * snapshots, or many columns have just been added, the limit is the number of words of the head.
 */
export class History {
  private readonly head: SnapshotRing;
  private readonly headWords: number;
  private readonly blocks: SnapshotRing;
  private readonly writer = new SegmentWriter();

  /** @param words shared memory, initially zeros */
  constructor(
    private readonly words: Float64Array,
    private readonly limits: HistoryLimits,
  ) {
    this.headWords = headWords(words.length);
    this.head = new SnapshotRing(words.subarray(0, this.headWords));
    this.blocks = new SnapshotRing(words.subarray(this.headWords));
  }

  /** Bytes of all stored entries. */
  get bytes(): number {
    const entries = [...this.head.entries(), ...this.blocks.entries()];
    return entries.reduce((sum, { values }) => sum + values.length, 0) * WORD_BYTES;
  }

  /**
   * Appends a snapshot. If it is older than the newest one, it is ignored, since the newer one covers it. If the clock
   * was set back by more than a minute, the history is cleared and begins again.
   *
   * @returns false if the snapshot is larger than the head
   */
  append(timestamp: number, births: number, values: Float64Array): boolean {
    if (!this.head.fits(values.length)) return false;
    const newest = this.newest();
    if (timestamp < newest - LATEST) this.clear();
    else if (timestamp < newest) return true;
    this.forget(timestamp - this.limits.maxAge);
    this.compress(values.length);
    this.head.rewind(LONGEST_HEAD * (values.length + ENTRY_WORDS));
    this.head.append(timestamp, births, values);
    return true;
  }

  /** The stored snapshots from `from` to `to`, inclusive. */
  window(from: number, to: number): HistoryWindow {
    const blocks = [...this.closedBlocks()].map(({ segments }) => segments);
    const head = this.unclosed(blocks.at(-1)?.[0]);
    const count = blocks.reduce((sum, [{ count }]) => sum + count, head.length);
    return new HistoryWindow(this.words.buffer, blocks, head, count - this.limits.maxSnapshots, from, to);
  }

  private newest(): number {
    let newest = this.lastSegment()?.times.at(-1) ?? Number.NEGATIVE_INFINITY;
    for (const { timestamp } of this.head.entries()) newest = Math.max(newest, timestamp);
    return newest;
  }

  /** Drops all, segments first: if this thread dies in between, the next one sees the clock set back and repeats it. */
  private clear(): void {
    this.blocks.expire(Number.POSITIVE_INFINITY, 0);
    this.head.expire(Number.POSITIVE_INFINITY, 0);
  }

  /** Drops old snapshots so that one more is within the limits. A block is dropped together with its last snapshot. */
  private forget(time: number): void {
    const { maxSnapshots } = this.limits;
    if (this.closing() === undefined) this.head.expire(time, maxSnapshots - 1);
    const blocks = [...this.closedBlocks()];
    let count = blocks.reduce((sum, { segments }) => sum + segments[0].count, 1);
    count += this.unclosed(blocks.at(-1)?.segments[0]).length;
    for (const { segments, entries } of blocks) {
      const [block] = segments;
      if (block.times[block.count - 1] >= time && count - block.count < maxSnapshots) return;
      for (let entry = 0; entry < entries; entry++) this.blocks.dropOldest();
      count -= block.count;
    }
  }

  /** Does one step of closing a block, if one is due; all steps, if the head has no room for so many columns. */
  private compress(columns: number): void {
    const steps = Math.min(Math.max(Math.floor(this.headWords / columns / STEPS), 1), STEPS);
    const begun = this.closing();
    const { length } = this.unclosed(undefined);
    if (begun !== undefined || length >= LONGEST_BLOCK || (length > 0 && this.head.roomFor(columns) < steps))
      this.step(begun ?? this.begin(), steps);
    while (this.head.roomFor(columns) === 0 && this.unclosed(undefined).length > 0)
      this.step(this.closing() ?? this.begin(), steps);
  }

  private begin(): Closing {
    return { snapshots: this.unclosed(undefined).slice(0, LONGEST_BLOCK), done: 0 };
  }

  /** Writes one segment. After the last one, the block's snapshots are dropped from the head. */
  private step({ snapshots, done }: Closing, steps: number): void {
    const columns = Math.max(...snapshots.map(({ values }) => values.length));
    const end = Math.min(columns, done + Math.max(LEAST_COLUMNS, Math.ceil(columns / steps)));
    const segment = this.writer.write(snapshots, done, end);
    const { timestamp, tag: births } = snapshots[snapshots.length - 1];
    this.blocks.rewind(2 * this.limits.maxSnapshots * (columns + ENTRY_WORDS));
    this.blocks.append(timestamp, births, segment);
    this.closing();
  }

  /** The block that lacks its last segment, if any. Otherwise drops the snapshots of closed blocks from the head. */
  private closing(): Closing | undefined {
    const last = this.lastSegment();
    if (last === undefined) return undefined;
    const snapshots = [...this.head.entries()].filter(({ position }) => position <= last.last);
    if (!last.isLast) return { snapshots, done: last.end };
    for (const _ of snapshots) this.head.dropOldest();
    return undefined;
  }

  private lastSegment(): Segment | undefined {
    let last: RingEntry | undefined;
    for (const entry of this.blocks.entries()) last = entry;
    return last && new Segment(last.values);
  }

  /** The complete blocks, the oldest first. */
  private *closedBlocks(): Generator<Block> {
    let segments: Segment[] = [];
    let entries = 0;
    for (const { values } of this.blocks.entries()) {
      const segment = new Segment(values);
      entries++;
      if (segment.begin === 0) segments = [segment];
      else if (segments.length > 0) segments.push(segment);
      if (!segment.isLast || segments.length === 0) continue;
      yield { segments, entries };
      segments = [];
      entries = 0;
    }
  }

  /** The snapshots of the head that are newer than the newest closed block. */
  private unclosed(block: Segment | undefined): RingEntry[] {
    const last = block?.last ?? Number.NEGATIVE_INFINITY;
    return [...this.head.entries()].filter(({ position }) => position > last);
  }
}
