// not the globals: there are realms that have none

import { TextEncoder, types } from 'node:util';
import { sharedMemory } from '../atomics/shared-memory';
import { RingmeterError, shown } from '../common/errors';
import {
  alignToLine,
  EVENT_WORDS,
  HEADER,
  high,
  int,
  LAYOUT_VERSION,
  MAGIC,
  PAGE_WORDS,
  SHARD,
  WORD_BYTES,
} from './layout';

/** What the creator of an arena decides. */
export interface ArenaOptions {
  /** Size in bytes; address space only, resident where touched. */
  maxMemory: number;
  maxThreads: number;
  /** Events per ring, a power of two. */
  ringCapacity: number;
  /** Mark of the thread that creates the arena. */
  maker: number;
  /** Stored in the arena as JSON: threads that attach read from it how its creator wants the arena used. */
  settings: unknown;
}

/** Bytes of arena per directory entry; one series with its record and cells takes more than that. */
const BYTES_PER_DIRECTORY_ENTRY = 256;
const EPOCHS_PER_LINE = int(alignToLine(1));
/** Least number of pages of cells that must fit beside the fixed parts and one thread's ring. */
const SPARE_PAGES = 8;
/** Bytes of arena per chain head of the hash index: chains stay a few records long even when the directory is full. */
const BYTES_PER_CHAIN = 1024;

/**
 * One thread's view of the SharedArrayBuffer that holds all shared data. Any thread that has the buffer can attach to
 * it and read everything, names included.
 */
export class Arena {
  readonly i32: Int32Array;
  readonly f64: Float64Array;
  readonly u8: Uint8Array;
  /** The same words as `f64`, for values that change atomically: 64-bit counts, and the bits of a float64. */
  readonly i64: BigInt64Array;
  readonly shards: number;
  readonly maxThreads: number;
  readonly ringCapacity: number;
  readonly pageTableCapacity: number;
  readonly settings: unknown;
  /** Mark of the thread that made the arena. */
  readonly maker: number;
  private nextEpoch = 0;
  private epochsLeft = 0;

  private constructor(readonly buffer: SharedArrayBuffer) {
    this.i32 = new Int32Array(buffer);
    this.f64 = new Float64Array(buffer);
    this.u8 = new Uint8Array(buffer);
    this.i64 = new BigInt64Array(buffer);
    this.shards = this.i32[int(HEADER.SHARDS)];
    this.maxThreads = this.i32[high(HEADER.SHARDS)];
    this.ringCapacity = this.i32[int(HEADER.RING_CAPACITY)];
    this.pageTableCapacity = this.i32[high(HEADER.RING_CAPACITY)];
    this.maker = this.i32[high(HEADER.SETTINGS)];
    this.settings = JSON.parse(this.text(this.i32[int(HEADER.SETTINGS)], this.i32[high(HEADER.TOTAL_WORDS)]));
  }

  /** @throws RingmeterError RINGMETER_INVALID_OPTION if the fixed parts do not fit into `maxMemory` */
  static create(options: ArenaOptions): Arena {
    const totalWords = Math.floor(options.maxMemory / WORD_BYTES);
    const settings = new TextEncoder().encode(JSON.stringify(options.settings));
    const directoryCapacity = Math.ceil(options.maxMemory / BYTES_PER_DIRECTORY_ENTRY);
    const chains = 2 ** Math.ceil(Math.log2(options.maxMemory / BYTES_PER_CHAIN));
    const sizes = [
      HEADER.WORDS,
      Math.ceil(settings.length / WORD_BYTES),
      options.maxThreads * SHARD.WORDS,
      Math.ceil(chains / 2),
      Math.ceil(directoryCapacity / 2),
    ];
    const starts = sizes.map((_, part) => sizes.slice(0, part).reduce((sum, size) => sum + size, 0));
    const heap = alignToLine(sizes.reduce((sum, size) => sum + size, 0));
    const pages = Math.ceil(totalWords / PAGE_WORDS);
    const least = heap + options.ringCapacity * EVENT_WORDS + alignToLine(pages) + SPARE_PAGES * PAGE_WORDS;
    if (least > totalWords)
      throw new RingmeterError(
        'RINGMETER_INVALID_OPTION',
        `maxMemory must be at least ${least * WORD_BYTES} for ${options.maxThreads} threads and rings of ${options.ringCapacity} events, got ${options.maxMemory}`,
      );

    const buffer = sharedMemory(totalWords * WORD_BYTES, 'maxMemory');
    const i32 = new Int32Array(buffer);
    new Uint8Array(buffer).set(settings, starts[1] * WORD_BYTES);
    i32[high(HEADER.MAGIC)] = LAYOUT_VERSION;
    i32[int(HEADER.TOTAL_WORDS)] = totalWords;
    i32[high(HEADER.TOTAL_WORDS)] = settings.length;
    i32[int(HEADER.SETTINGS)] = starts[1];
    i32[high(HEADER.SETTINGS)] = options.maker;
    i32[int(HEADER.SHARDS)] = starts[2];
    i32[high(HEADER.SHARDS)] = options.maxThreads;
    i32[int(HEADER.HASH_INDEX)] = starts[3];
    i32[high(HEADER.HASH_INDEX)] = chains;
    i32[int(HEADER.DIRECTORY)] = starts[4];
    i32[high(HEADER.DIRECTORY)] = directoryCapacity;
    i32[int(HEADER.RING_CAPACITY)] = options.ringCapacity;
    i32[high(HEADER.RING_CAPACITY)] = pages;
    i32[int(HEADER.HEAP_CURSOR)] = heap;
    i32[int(HEADER.CELL_CURSOR)] = 1;
    Atomics.store(i32, int(HEADER.MAGIC), MAGIC);
    const arena = new Arena(buffer);
    arena.tick();
    return arena;
  }

  /** @throws RingmeterError RINGMETER_INVALID_HANDLE if the buffer is not an arena of this layout */
  static attach(buffer: unknown): Arena {
    if (isArena(buffer)) return new Arena(buffer);
    const version = versionOf(buffer);
    throw new RingmeterError(
      'RINGMETER_INVALID_HANDLE',
      `expected the handle of a collector with layout version ${LAYOUT_VERSION}, got ${version === undefined ? shown(buffer) : `version ${version}`}`,
    );
  }

  /**
   * Reserves zeroed words, on cache-line boundaries. Any thread; lock-free. If a thread is terminated before it links
   * the words somewhere, these words are leaked, and nothing else.
   *
   * @param spare words that must still be free afterwards
   * @returns the pointer, or 0 if the arena is full
   */
  allocate(words: number, spare = 0): number {
    const size = alignToLine(words);
    const cursor = int(HEADER.HEAP_CURSOR);
    for (;;) {
      const start = Atomics.load(this.i32, cursor);
      if (start + size + spare > this.f64.length) return 0;
      if (Atomics.compareExchange(this.i32, cursor, start, start + size) === start) return start;
    }
  }

  /**
   * Reserves a word for the epoch of a gauge, on a cache line that only this thread takes epochs from.
   *
   * @returns its Int32Array index, or 0 if the arena is full
   */
  allocateEpoch(): number {
    if (this.epochsLeft === 0) {
      const line = this.allocate(1);
      if (line === 0) return 0;
      this.nextEpoch = int(line);
      this.epochsLeft = EPOCHS_PER_LINE;
    }
    this.epochsLeft--;
    return this.nextEpoch++;
  }

  /** Bytes in use, the fixed parts included: an upper bound of what can be resident. */
  bytesUsed(): number {
    return Atomics.load(this.i32, int(HEADER.HEAP_CURSOR)) * WORD_BYTES;
  }

  /** Bytes of UTF-8 text at a pointer. */
  text(pointer: number, length: number): string {
    const start = pointer * WORD_BYTES;
    return this.textBetween(start, start + length);
  }

  /** UTF-8 text between two bytes of the arena. Copied, since decoders refuse shared memory. */
  textBetween(start: number, end: number): string {
    return Buffer.from(this.u8.slice(start, end)).toString('utf8');
  }

  /**
   * Milliseconds on the arena's clock, which all threads share and which never goes back. A plain load: the value may be up
   * to half a second old, and a thread may read an older value than another thread has read already.
   */
  clock(): number {
    return this.f64[HEADER.CLOCK];
  }

  /**
   * Brings the arena's clock up to date, as an atomic maximum: a thread that was descheduled after it read the system's
   * clock cannot set it back. Comparing bits suffices, since the bits of positive float64 numbers have the same order.
   *
   * @returns what the clock shows now
   */
  tick(): number {
    const now = Number(process.hrtime.bigint() / 1000n) / 1000;
    const later = bitsOf(now);
    let seen = Atomics.load(this.i64, HEADER.CLOCK);
    while (seen < later) {
      const before = Atomics.compareExchange(this.i64, HEADER.CLOCK, seen, later);
      if (before === seen) return now;
      seen = before;
    }
    return numberOf(seen);
  }

  /** Adds 1 to a 64-bit count, in one atomic step, which a thread terminated meanwhile has made or not. Any thread. */
  count(word: number): void {
    Atomics.add(this.i64, word, 1n);
  }

  /** A 64-bit count. Any thread. */
  counted(word: number): number {
    return Number(Atomics.load(this.i64, word));
  }
}

const float = new Float64Array(1);
const floatBits = new BigInt64Array(float.buffer);

/** The bits of a float64, as the arena stores them. */
export function bitsOf(value: number): bigint {
  float[0] = value;
  return floatBits[0];
}

function numberOf(value: bigint): number {
  floatBits[0] = value;
  return float[0];
}

/** Whether these are the bytes of an arena that this version of the package can read. */
export function isArena(buffer: unknown): buffer is SharedArrayBuffer {
  return versionOf(buffer) === LAYOUT_VERSION;
}

/** The version of an arena's layout; undefined if the buffer is not an arena. */
function versionOf(buffer: unknown): number | undefined {
  if (!types.isSharedArrayBuffer(buffer) || buffer.byteLength < HEADER.WORDS * WORD_BYTES) return undefined;
  const [magic, version] = new Int32Array(buffer, 0, 2);
  return magic === MAGIC ? version : undefined;
}
