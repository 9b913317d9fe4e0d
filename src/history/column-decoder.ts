import type { BitReader } from './bits';
import { CODE } from './column-code';

/** Decodes columns. One per reading thread. */
export class ColumnDecoder {
  private readonly word = new Float64Array(1);
  private readonly halves = new Int32Array(this.word.buffer);

  /** Writes `count` values to `into` from `at` on; `length` is the number of bytes of their encoding. */
  decode(reader: BitReader, length: number, count: number, into: Float64Array, at: number): void {
    if (length === 0) {
      into.fill(0, at, at + count);
      return;
    }
    const code = reader.byte();
    if (code <= 32) readIntegers(reader, code, count, into, at);
    else if (code === CODE.CONSTANT_INTEGER) into.fill(reader.varint(), at, at + count);
    else if (code === CODE.CONSTANT) into.fill(this.readWord(reader), at, at + count);
    else if (code === CODE.XOR) this.readChanges(reader, count, into, at);
    else for (let index = 0; index < count; index++) into[at + index] = this.readWord(reader);
  }

  private readWord(reader: BitReader): number {
    this.halves[0] = reader.bits(32);
    this.halves[1] = reader.bits(32);
    return this.word[0];
  }

  private readChanges(reader: BitReader, count: number, into: Float64Array, at: number): void {
    const { word, halves } = this;
    into[at] = this.readWord(reader);
    let trailing = 0;
    let width = 0;
    for (let index = 1; index < count; index++) {
      if (reader.bits(1) === 1) {
        if (reader.bits(1) === 1) {
          const leading = reader.bits(5);
          width = reader.bits(6) + 1;
          trailing = 64 - leading - width;
        }
        const first = reader.bits(Math.min(width, 32));
        const second = width > 32 ? reader.bits(width - 32) : 0;
        if (trailing < 32) {
          halves[0] ^= first << trailing;
          halves[1] ^= trailing === 0 ? second : (second << trailing) | (first >>> (32 - trailing));
        } else halves[1] ^= first << (trailing - 32);
      }
      into[at + index] = word[0];
    }
  }
}

function readIntegers(reader: BitReader, width: number, count: number, into: Float64Array, at: number): void {
  let value = reader.varint();
  const least = reader.varint();
  into[at] = value;
  for (let index = 1; index < count; index++) {
    value += least;
    if (width > 0) value += reader.bits(width);
    into[at + index] = value;
  }
}
