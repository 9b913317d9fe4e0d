import { crc32 } from 'node:zlib';
import { ALIGNMENT, HEADER, LITTLE, SECTION_BYTES, TRAILER_BYTES } from './layout';

/** Most bytes of a message. */
const MOST = 2 ** 31 - 2 ** 16;

/** A growing buffer with the parts of a message. It is reused for the next message. */
export class MessageWriter {
  private bytes = new Uint8Array(4_096);
  private view = new DataView(this.bytes.buffer);
  private numbers = new Float64Array(this.bytes.buffer);
  private length = 0;
  private section = 0;

  begin(): void {
    this.length = HEADER.SIZE;
    this.bytes.fill(0, 0, HEADER.SIZE);
  }

  /** The header, whose fields may be written until `finish`. */
  get header(): DataView {
    return this.view;
  }

  open(tag: number): void {
    this.uint32(tag);
    this.uint32(0);
    this.section = this.length;
  }

  /** Ends the section; leaves it out if it has no contents. */
  close(): void {
    const { section } = this;
    if (this.length === section) this.length -= SECTION_BYTES;
    else this.view.setUint32(section - 4, this.length - section, LITTLE);
    while (this.length % ALIGNMENT !== 0) this.byte(0);
  }

  uint32(value: number): void {
    this.reserve(4);
    this.view.setUint32(this.length, value, LITTLE);
    this.length += 4;
  }

  float64(value: number): void {
    this.reserve(8);
    this.view.setFloat64(this.length, value, LITTLE);
    this.length += 8;
  }

  copy(bytes: Uint8Array, start: number, end: number): void {
    this.reserve(end - start);
    const { bytes: target } = this;
    let { length } = this;
    // labels are short: a view for each would cost more than their bytes
    for (let at = start; at < end; at++) target[length++] = bytes[at];
    this.length = length;
  }

  /** Room for float64 numbers, which begins at a multiple of 8 bytes. Valid until the next write. */
  room(count: number): { numbers: Float64Array; at: number } {
    this.reserve(count * 8);
    const at = this.length / 8;
    this.length += count * 8;
    return { numbers: this.numbers, at };
  }

  /** @returns the message, valid until the next one is begun */
  finish(): Uint8Array {
    this.view.setUint32(HEADER.BYTES, this.length + TRAILER_BYTES, LITTLE);
    this.uint32(crc32(this.bytes.subarray(0, this.length)));
    this.uint32(0);
    return this.bytes.subarray(0, this.length);
  }

  private byte(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  private reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    if (needed > MOST) throw new RangeError(`a message of a snapshot has at most ${MOST} bytes`);
    const bytes = new Uint8Array(Math.min(Math.max(this.bytes.length * 2, needed + (-needed & 7)), MOST));
    bytes.set(this.bytes);
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
    this.numbers = new Float64Array(bytes.buffer);
  }
}
