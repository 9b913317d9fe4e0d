const NONE = new Int32Array(0);
const LEAST = 16;

/**
 * A map from small integers to int32 numbers, as an array: a look-up takes one load, and the elements that a request
 * needs for several metrics tend to be in the processor's nearest caches.
 */
export class NumberTable {
  private numbers: Int32Array = NONE;

  /** The number of a key >= 0; 0 if it has none. */
  get(key: number): number {
    const { numbers } = this;
    return key < numbers.length ? numbers[key] : 0;
  }

  set(key: number, number: number): void {
    if (key >= this.numbers.length) this.grow(key + 1);
    this.numbers[key] = number;
  }

  private grow(least: number): void {
    const larger = new Int32Array(Math.max(LEAST, 2 * this.numbers.length, least));
    larger.set(this.numbers);
    this.numbers = larger;
  }
}
