/**
 * Writes bit fields, packed, the lowest bit first, and numbers of whole bytes (a byte, or a varint). Whole bytes start
 * at a byte boundary: call `align` on the writer first; the reader's position must be a multiple of 8.
 */
export class BitWriter {
  bytes = new Uint8Array(1_024);
  private view = new DataView(this.bytes.buffer);
  /** Bytes written, without the `pending` bits. */
  length = 0;
  private pending = 0;
  private filled = 0;

  /** Makes room for so many bytes more. */
  reserve(bytes: number): void {
    if (this.length + bytes <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + bytes));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
    this.view = new DataView(larger.buffer);
  }

  /** @param value an integer whose bits above `width` (0 to 32) are 0 */
  bits(value: number, width: number): void {
    this.pending |= value << this.filled;
    this.filled += width;
    if (this.filled < 32) return;
    this.view.setInt32(this.length, this.pending, true);
    this.length += 4;
    this.filled -= 32;
    this.pending = this.filled === 0 ? 0 : value >>> (width - this.filled);
  }

  /** Fills the last byte with zeros. */
  align(): void {
    for (; this.filled > 0; this.filled -= 8) {
      this.bytes[this.length++] = this.pending & 0xff;
      this.pending >>>= 8;
    }
    this.filled = 0;
    this.pending = 0;
  }

  byte(value: number): void {
    this.bytes[this.length++] = value;
  }

  /** An integer between -2^52 and 2^52, zigzag-coded (the sign in the lowest bit), seven bits a byte, lowest first. */
  varint(value: number): void {
    let rest = value < 0 ? value * -2 - 1 : value * 2;
    for (; rest >= 0x8000_0000; rest = Math.floor(rest / 128)) this.byte((rest % 128) | 0x80);
    for (; rest >= 128; rest >>>= 7) this.byte((rest & 0x7f) | 0x80);
    this.byte(rest);
  }
}

/** Reads the output of a `BitWriter`. May load up to four bytes behind the end, which it does not use. */
export class BitReader {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  /** In bits. */
  position = 0;

  constructor(buffer: ArrayBufferLike) {
    this.bytes = new Uint8Array(buffer);
    this.view = new DataView(buffer);
  }

  /** As an unsigned integer. */
  bits(width: number): number {
    const byte = this.position >>> 3;
    const shift = this.position & 7;
    this.position += width;
    let value = this.view.getInt32(byte, true) >>> shift;
    if (shift + width > 32) value |= this.bytes[byte + 4] << (32 - shift);
    return (width === 32 ? value : value & ((1 << width) - 1)) >>> 0;
  }

  byte(): number {
    const value = this.bytes[this.position >>> 3];
    this.position += 8;
    return value;
  }

  varint(): number {
    let value = 0;
    let byte = 0;
    let scale = 1;
    do {
      byte = this.byte();
      value += (byte & 0x7f) * scale;
      scale *= 128;
    } while (byte >= 0x80);
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
