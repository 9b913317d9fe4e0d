import type { BitWriter } from './bits';
import { CODE, LONGEST_BLOCK } from './column-code';

/** Differences of integers below this, and sums of these differences, are exact and fit a varint. */
const LARGEST_INTEGER = 2 ** 51;
const WIDEST = 2 ** 32;
const MOST_LEADING = 31;
/** Bits that a new window of changed bits costs: leading zeros (5) and length (6). */
const WINDOW_BITS = 11;

/** Encodes columns. One per writing thread. */
export class ColumnEncoder {
  /** The values to encode. */
  readonly values = new Float64Array(LONGEST_BLOCK);
  /** The same words as 32-bit halves, the lower half first (every machine that Node runs on is little-endian). */
  private readonly halves = new Int32Array(this.values.buffer);
  private least = 0;
  private width = 0;

  /** Appends the first `count` values, in whole bytes. */
  encode(count: number, out: BitWriter): void {
    out.reserve(16 + count * 10);
    if (this.isConstant(count)) this.writeConstant(out);
    else if (!this.areIntegers(count)) this.writeFloats(count, out);
    else if (this.width <= 16) this.writeIntegers(count, out);
    else this.writeShorter(count, out);
    out.align();
  }

  private isConstant(count: number): boolean {
    const { halves } = this;
    const [low, high] = halves;
    for (let half = 2; half < count * 2; half += 2) if (halves[half] !== low || halves[half + 1] !== high) return false;
    return true;
  }

  private writeConstant(out: BitWriter): void {
    const { values, halves } = this;
    if ((halves[0] | halves[1]) === 0) return;
    const integer = isInteger(values[0]);
    out.byte(integer ? CODE.CONSTANT_INTEGER : CODE.CONSTANT);
    if (integer) out.varint(values[0]);
    else this.writeWord(0, out);
  }

  /** Whether the values are integers with differences of at most 32 bits; notes how they are written then. */
  private areIntegers(count: number): boolean {
    const { values } = this;
    if (!isInteger(values[0])) return false;
    let least = Number.POSITIVE_INFINITY;
    let most = Number.NEGATIVE_INFINITY;
    for (let index = 1; index < count; index++) {
      if (!isInteger(values[index])) return false;
      const difference = values[index] - values[index - 1];
      if (difference < least) least = difference;
      if (difference > most) most = difference;
    }
    if (most - least >= WIDEST) return false;
    this.least = least;
    this.width = 32 - Math.clz32(most - least);
    return true;
  }

  private writeIntegers(count: number, out: BitWriter): void {
    const { values, least, width } = this;
    out.byte(width);
    out.varint(values[0]);
    out.varint(least);
    if (width === 0) return;
    for (let index = 1; index < count; index++) out.bits(values[index] - values[index - 1] - least, width);
  }

  /** Writes integers in the shorter of two forms: one large step makes all differences wide, but only one XOR. */
  private writeShorter(count: number, out: BitWriter): void {
    const start = out.length;
    this.writeIntegers(count, out);
    out.align();
    const length = out.length - start;
    out.length = start;
    if (this.writeChanges(count, out) > length) {
      out.length = start;
      this.writeIntegers(count, out);
    }
  }

  private writeFloats(count: number, out: BitWriter): void {
    const start = out.length;
    if (this.writeChanges(count, out) <= count * 8) return;
    out.length = start;
    out.byte(CODE.RAW);
    for (let index = 0; index < count; index++) this.writeWord(index, out);
  }

  private writeWord(index: number, out: BitWriter): void {
    out.bits(this.halves[index * 2], 32);
    out.bits(this.halves[index * 2 + 1], 32);
  }

  /** Writes the values in the XOR form. @returns the number of bytes */
  private writeChanges(count: number, out: BitWriter): number {
    const { halves } = this;
    const start = out.length;
    out.byte(CODE.XOR);
    this.writeWord(0, out);
    let leading = 64;
    let trailing = 64;
    for (let half = 2; half < count * 2; half += 2) {
      const low = halves[half] ^ halves[half - 2];
      const high = halves[half + 1] ^ halves[half - 1];
      if ((low | high) === 0) {
        out.bits(0, 1);
        continue;
      }
      const before = Math.min(high === 0 ? 32 : Math.clz32(high), MOST_LEADING);
      const after = low === 0 ? 32 + trailingZeros(high) : trailingZeros(low);
      if (before >= leading && after >= trailing && before - leading + after - trailing <= WINDOW_BITS) out.bits(1, 2);
      else {
        leading = before;
        trailing = after;
        out.bits(3 | (leading << 2) | ((63 - leading - trailing) << 7), 2 + WINDOW_BITS);
      }
      writeWindow(low, high, trailing, 64 - leading - trailing, out);
    }
    out.align();
    return out.length - start;
  }
}

/** Whether a value is an integer that can be written as one; -0 cannot. */
function isInteger(value: number): boolean {
  return (
    Math.floor(value) === value &&
    value > -LARGEST_INTEGER &&
    value < LARGEST_INTEGER &&
    (value !== 0 || Object.is(value, 0))
  );
}

function trailingZeros(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}

/** Writes `width` of 64 bits, from bit `shift` on. */
function writeWindow(low: number, high: number, shift: number, width: number, out: BitWriter): void {
  let first = high >>> shift;
  if (shift < 32) first = shift === 0 ? low : (low >>> shift) | (high << (32 - shift));
  if (width <= 32) out.bits(width === 32 ? first : first & ((1 << width) - 1), width);
  else {
    out.bits(first, 32);
    out.bits(high >>> shift, width - 32);
  }
}
