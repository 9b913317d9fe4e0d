import { NUMBER_BYTES } from './number-text';

/** Writes a number, and returns the index behind it. */
export type WriteNumber = (value: number, bytes: Uint8Array, at: number) => number;

/** From this length on, one call for all bytes is cheaper than a loop. */
const LONG = 128;

/** Bytes of text that grow at the end. */
export class TextBuffer {
  bytes: Uint8Array<ArrayBuffer>;
  length = 0;

  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity);
  }

  content(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(0, this.length);
  }

  /** Appends part of another array. */
  copy(source: Uint8Array, start: number, end: number): void {
    this.reserve(end - start);
    const { bytes } = this;
    let at = this.length;
    if (end - start >= LONG) bytes.set(source.subarray(start, end), at);
    else for (let index = start; index < end; index++) bytes[at++] = source[index];
    this.length += end - start;
  }

  append(source: Uint8Array): void {
    this.copy(source, 0, source.length);
  }

  byte(code: number): void {
    this.reserve(1);
    this.bytes[this.length++] = code;
  }

  /** Appends a number of at most NUMBER_BYTES bytes. */
  number(value: number, write: WriteNumber): void {
    this.reserve(NUMBER_BYTES);
    this.length = write(value, this.bytes, this.length);
  }

  /** Makes room for so many bytes more. */
  reserve(extra: number): void {
    if (this.length + extra <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + extra));
    larger.set(this.content());
    this.bytes = larger;
  }
}
