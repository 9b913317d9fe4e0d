import type { Arena } from '../arena/arena';
import { int } from '../arena/layout';
import { BINS, CHUNK, CHUNK_ENTRIES, SLOT, SLOTS, SUMMARY } from './summary-cells';

/**
 * The quantile sketch of a summary: a log-linear histogram, like HdrHistogram's, whose bins are read straight off the
 * float64. The upper 12 bits of a value (sign, exponent) are its octave, the next 6 its bin in the octave. A bin
 * [lo, lo + w) of an octave that starts at 2^e has w = 2^e / 64 and lo >= 2^e, so its middle is within
 * w / 2 / lo <= 1 / 128 = 0.78 % of every value in it. For example 1.00 to 1.0156 is one bin, shown as 1.0078.
 * Sketches are merged by adding bins.
 */
export const RELATIVE_ERROR = 1 / 128;

/** Number of octaves: all values of the upper 12 bits. */
const OCTAVES = 2 ** 12;

/** The octave (sign and exponent bits) of a value, from the high half of its float64. */
export const octaveOf = (highHalf: number): number => highHalf >>> 20;
/** The bin within the octave. */
export const binOf = (highHalf: number): number => (highHalf >>> 14) & (BINS - 1);

const scratch = new Float64Array(1);
const halves = new Int32Array(scratch.buffer);

/** The middle of a bin. The octave of zero and of subnormal numbers stands for zero. */
export function binMiddle(octave: number, bin: number): number {
  if ((octave & 0x7ff) === 0) return 0;
  halves[0] = 0;
  halves[1] = (octave << 20) | (bin << 14) | (1 << 13);
  return scratch[0];
}

/**
 * Int32Array index of the counter of a value's octave, bin 0, slot 0. Allocates the chunk at the first use.
 * Only the writer of the cells calls this.
 *
 * When 64 octaves are in use already (values 2^64 apart, or of both signs), the value is counted in the nearest of
 * them: counts stay exact, and only quantiles that fall among such values are inaccurate.
 *
 * @returns 0 if there is no memory
 */
export function chunkCounts(arena: Arena, cell: number, octave: number): number {
  const { i32 } = arena;
  const entries = int(cell + SUMMARY.CHUNKS);
  for (let probe = 0; probe < CHUNK_ENTRIES; probe++) {
    const entry = entries + ((octave + probe) & (CHUNK_ENTRIES - 1));
    const chunk = i32[entry];
    if (chunk === 0) return newChunk(arena, entry, octave);
    if (i32[int(chunk)] === octave + 1) return int(chunk + CHUNK.COUNTS);
  }
  return nearestChunk(i32, entries, octave);
}

function nearestChunk(i32: Int32Array, entries: number, octave: number): number {
  let nearest = i32[entries];
  for (let entry = entries; entry < entries + CHUNK_ENTRIES; entry++) {
    const distance = Math.abs(byValue(i32[int(i32[entry])] - 1, octave));
    if (distance < Math.abs(byValue(i32[int(nearest)] - 1, octave))) nearest = i32[entry];
  }
  return int(nearest + CHUNK.COUNTS);
}

function newChunk(arena: Arena, entry: number, octave: number): number {
  const chunk = arena.allocate(CHUNK.WORDS);
  if (chunk === 0) return 0;
  arena.i32[int(chunk)] = octave + 1;
  Atomics.store(arena.i32, entry, chunk);
  return int(chunk + CHUNK.COUNTS);
}

/**
 * Empties a slot for new values. If the thread is terminated in here, it has not yet changed the current slot, so the
 * next writer of the cells empties the slot again: idempotent.
 */
export function clearSlot(arena: Arena, cell: number, slot: number): void {
  const { i32, f64 } = arena;
  const state = cell + SUMMARY.SLOTS + slot * SLOT.WORDS;
  const sequence = int(cell);
  f64[state + SLOT.BEGAN] = 0;
  // A lock-free reader that has begun to copy this slot retries; one that begins later skips the slot (BEGAN is 0).
  Atomics.add(i32, sequence, 2);
  const entries = int(cell + SUMMARY.CHUNKS);
  for (let entry = entries; entry < entries + CHUNK_ENTRIES; entry++) {
    const counts = int(i32[entry] + CHUNK.COUNTS) + slot * BINS;
    if (i32[entry] !== 0) i32.fill(0, counts, counts + BINS);
  }
  f64[state + SLOT.COUNT] = 0;
  f64[state + SLOT.SUM] = 0;
  f64[state + SLOT.MIN] = Number.POSITIVE_INFINITY;
  f64[state + SLOT.MAX] = Number.NEGATIVE_INFINITY;
  // The caller sets BEGAN next: a reader that sees the new value also sees the emptied slot.
  Atomics.add(i32, sequence, 2);
}

/** The merged windows of one series over several shards. The object is reused for the next series. */
export class MergedWindow {
  count = 0;
  sum = 0;
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  /** Bins by octave. The arrays are reused for the next series; only those of octaves in `used` are not zero. */
  private readonly bins: (Float64Array | undefined)[] = new Array(OCTAVES);
  private used: number[] = [];
  private sorted = true;

  reset(): void {
    this.count = 0;
    this.sum = 0;
    this.min = Number.POSITIVE_INFINITY;
    this.max = Number.NEGATIVE_INFINITY;
    for (const octave of this.used) this.bins[octave]!.fill(0);
    this.used = [];
    this.sorted = true;
  }

  /** Adds the slots of one shard's cells that began later than `oldest`, by the arena's clock. */
  add(arena: Arena, cell: number, oldest: number): void {
    const { i32, f64 } = arena;
    let live = 0;
    for (let slot = 0; slot < SLOTS; slot++) {
      const state = cell + SUMMARY.SLOTS + slot * SLOT.WORDS;
      const began = f64[state + SLOT.BEGAN];
      if (began === 0 || began <= oldest) continue;
      live |= 1 << slot;
      this.count += f64[state + SLOT.COUNT];
      this.sum += f64[state + SLOT.SUM];
      this.min = Math.min(this.min, f64[state + SLOT.MIN]);
      this.max = Math.max(this.max, f64[state + SLOT.MAX]);
    }
    const entries = int(cell + SUMMARY.CHUNKS);
    for (let entry = entries; live !== 0 && entry < entries + CHUNK_ENTRIES; entry++) {
      const chunk = Atomics.load(i32, entry);
      if (chunk !== 0) this.addChunk(i32, chunk, live);
    }
  }

  /** @param live bit mask of the slots to add */
  private addChunk(i32: Int32Array, chunk: number, live: number): void {
    const bins = this.octave(i32[int(chunk)] - 1);
    const counts = int(chunk + CHUNK.COUNTS);
    for (let slot = 0; slot < SLOTS; slot++) {
      if ((live & (1 << slot)) === 0) continue;
      for (let bin = 0; bin < BINS; bin++) bins[bin] += i32[counts + slot * BINS + bin] >>> 0;
    }
  }

  /** Adds another window. */
  merge(other: MergedWindow): void {
    this.count += other.count;
    this.sum += other.sum;
    this.min = Math.min(this.min, other.min);
    this.max = Math.max(this.max, other.max);
    for (const octave of other.used) {
      const own = this.octave(octave);
      const bins = other.bins[octave]!;
      for (let bin = 0; bin < BINS; bin++) own[bin] += bins[bin];
    }
  }

  private octave(octave: number): Float64Array {
    let bins = this.bins[octave];
    if (bins === undefined) {
      bins = new Float64Array(BINS);
      this.bins[octave] = bins;
    }
    if (!this.used.includes(octave)) {
      this.used.push(octave);
      this.sorted = false;
    }
    return bins;
  }

  /**
   * The smallest value that at least `quantile` of the window's values do not exceed (nearest rank), within
   * RELATIVE_ERROR. NaN for an empty window, or a `quantile` outside 0 to 1.
   */
  quantile(quantile: number): number {
    if (this.count === 0 || !(quantile >= 0 && quantile <= 1)) return Number.NaN;
    // 0.07 * 100 is a little more than 7 in floating point: without the slack it would be rank 8
    const rank = Math.min(Math.max(Math.ceil(quantile * this.count - 1e-9), 1), this.count);
    if (rank === 1) return this.min;
    if (!this.sorted) this.used.sort(byValue);
    this.sorted = true;
    let passed = 0;
    for (const octave of this.used) {
      const bins = this.bins[octave]!;
      const negative = octave >= 2048;
      for (let step = 0; step < BINS; step++) {
        const bin = negative ? BINS - 1 - step : step;
        passed += bins[bin];
        if (passed >= rank) return Math.min(Math.max(binMiddle(octave, bin), this.min), this.max);
      }
    }
    return this.max;
  }
}

/** Octaves in ascending order of the values they hold: the negative ones first, the largest magnitude foremost. */
function byValue(a: number, b: number): number {
  return (a >= 2048 ? 2047 - a : a) - (b >= 2048 ? 2047 - b : b);
}
