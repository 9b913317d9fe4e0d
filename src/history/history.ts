import { ENTRY_WORDS, type RingEntry, SnapshotRing } from '../snapshot/snapshot-ring';
import { LONGEST_BLOCK } from './column-code';
import { headWords, WORD_BYTES } from './layout';
import { Segment, SegmentWriter } from './segment';
import { HistoryWindow } from './window';

export interface HistoryLimits {
  /** Milliseconds after which a snapshot is forgotten. */
  maxAge: number;
  maxSnapshots: number;
}

/** In how many steps a block is closed, if the head has room for the snapshots that come meanwhile. */
const STEPS = 4;
/** More snapshots than the head ever holds if it has room: a block, and what comes while it and the next are closed. */
const LONGEST_HEAD = LONGEST_BLOCK + 2 * STEPS;
/** Least columns of a step. */
const LEAST_COLUMNS = 1_024;
/**
 * Milliseconds. A snapshot that is older than the newest by up to this was collected before it by another thread and
 * comes too late; by more, and the clock has been set back.
 */
const LATEST = 60_000;

/** A block that is being closed. */
interface Closing {
  snapshots: readonly RingEntry[];
  /** Columns that have their segments. */
  done: number;
}

/** A block that is closed. */
interface Block {
  segments: readonly Segment[];
  /** Its entries in the ring, and those of what is left of a block before it. */
  entries: number;
}

/**
 * Snapshots in shared memory, the newest as they are and the others compressed by column: see layout.ts. It outlives the
 * workers that write it, and each of them can read it.
 *
 * Not safe for two threads at once: the caller of every method holds the storage's lease. To append costs a copy of the
 * snapshot and, on average, the encoding of as many values as it has columns, some 15 ns each. No append encodes more
 * than LONGEST_BLOCK / STEPS values for each column, or LONGEST_BLOCK for each of LEAST_COLUMNS; only where the head has
 * no room for 16 snapshots, or many columns have just been added, it can be as many values as the head has words.
 */
export class History {
  private readonly head: SnapshotRing;
  private readonly headWords: number;
  private readonly blocks: SnapshotRing;
  private readonly writer = new SegmentWriter();

  /** @param words shared memory that begins as zeros */
  constructor(
    private readonly words: Float64Array,
    private readonly limits: HistoryLimits,
  ) {
    this.headWords = headWords(words.length);
    this.head = new SnapshotRing(words.subarray(0, this.headWords));
    this.blocks = new SnapshotRing(words.subarray(this.headWords));
  }

  /** Bytes of what is kept. */
  get bytes(): number {
    const entries = [...this.head.entries(), ...this.blocks.entries()];
    return entries.reduce((sum, { values }) => sum + values.length, 0) * WORD_BYTES;
  }

  /**
   * Adds a snapshot behind the newest. One that is older than the newest changes nothing: whatever it has, the newer one
   * has. If the clock was set back by more than a minute, the history begins again.
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

  /** The snapshots from `from` to `to`, inclusive, as far as they are kept. */
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

  /** The segments first: should this thread end in between, the next one finds the clock set back again. */
  private clear(): void {
    this.blocks.expire(Number.POSITIVE_INFINITY, 0);
    this.head.expire(Number.POSITIVE_INFINITY, 0);
  }

  /** Makes room in number for one more snapshot. A block is forgotten when its last snapshot is. */
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

  /** Goes a step on with closing a block, if it is time; to the end, if a snapshot of so many columns has no room. */
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

  /** Writes one segment. With the last one, the block's snapshots leave the head. */
  private step({ snapshots, done }: Closing, steps: number): void {
    const columns = Math.max(...snapshots.map(({ values }) => values.length));
    const end = Math.min(columns, done + Math.max(LEAST_COLUMNS, Math.ceil(columns / steps)));
    const segment = this.writer.write(snapshots, done, end);
    const { timestamp, tag: births } = snapshots[snapshots.length - 1];
    this.blocks.rewind(2 * this.limits.maxSnapshots * (columns + ENTRY_WORDS));
    this.blocks.append(timestamp, births, segment);
    this.closing();
  }

  /** The block whose last segment is still missing. If it is not, drops what the head need not have any more. */
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

  /** The blocks that have all their segments, the oldest first. */
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

  /** The snapshots of the head that are not in the newest closed block, or before it. */
  private unclosed(block: Segment | undefined): RingEntry[] {
    const last = block?.last ?? Number.NEGATIVE_INFINITY;
    return [...this.head.entries()].filter(({ position }) => position > last);
  }
}
