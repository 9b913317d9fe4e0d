/** A set of series ids, as a bitmap. */
export class SeriesSet {
  private bits = new Uint8Array(1_024);

  /** Returns whether the id is new. */
  add(id: number): boolean {
    const byte = id >>> 3;
    if (byte >= this.bits.length) this.grow(byte);
    const bit = 1 << (id & 7);
    const isNew = (this.bits[byte] & bit) === 0;
    this.bits[byte] |= bit;
    return isNew;
  }

  private grow(byte: number): void {
    const larger = new Uint8Array(2 ** Math.ceil(Math.log2(byte + 1)));
    larger.set(this.bits);
    this.bits = larger;
  }
}
