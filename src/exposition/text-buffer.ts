/** Bytes of an output that grows. One render fills one buffer, which is then handed away. */
export class TextBuffer {
  bytes: Uint8Array<ArrayBuffer>;
  length = 0;

  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity);
  }

  /** What has been written. */
  content(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(0, this.length);
  }

  /** Appends part of another array. Lines are short: a loop beats the set-up cost of `set` and `subarray`. */
  copy(source: Uint8Array, start: number, end: number): void {
    this.reserve(end - start);
    const { bytes } = this;
    let at = this.length;
    for (let index = start; index < end; index++) bytes[at++] = source[index];
    this.length = at;
  }

  /** Appends text in ASCII. */
  ascii(text: string): void {
    this.reserve(text.length);
    for (let index = 0; index < text.length; index++) this.bytes[this.length++] = text.charCodeAt(index);
  }

  byte(code: number): void {
    this.reserve(1);
    this.bytes[this.length++] = code;
  }

  /** Appends a number as Prometheus reads it. Counts, which most values are, are written digit by digit. */
  number(value: number): void {
    if (value >= 0 && value <= Number.MAX_SAFE_INTEGER && value === Math.floor(value)) this.natural(value);
    else if (value === Number.POSITIVE_INFINITY) this.ascii('+Inf');
    else if (value === Number.NEGATIVE_INFINITY) this.ascii('-Inf');
    else this.ascii(String(value));
  }

  private natural(value: number): void {
    this.reserve(16);
    const { bytes } = this;
    let digits = 1;
    for (let power = 10; power <= value; power *= 10) digits++;
    let at = this.length + digits;
    this.length = at;
    while (value > 0x7fffffff) {
      const rest = Math.floor(value / 10);
      bytes[--at] = 48 + (value - rest * 10);
      value = rest;
    }
    let small = value | 0;
    do {
      const rest = (small / 10) | 0;
      bytes[--at] = 48 + (small - rest * 10);
      small = rest;
    } while (small > 0);
  }

  private reserve(extra: number): void {
    if (this.length + extra <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + extra));
    larger.set(this.content());
    this.bytes = larger;
  }
}
