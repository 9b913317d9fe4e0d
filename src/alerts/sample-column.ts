/** Numbers of a sample: when it was taken, its value, and 1 if it says that the series ended. */
const WIDTH = 3;
const VALUE = 1;
const ENDED = 2;
/** An array of at most so many numbers grows by copying: most short-lived series have one sample and an end. */
const SMALL = 8 * WIDTH;

/** The samples of one series, ascending by time; the oldest can be dropped. Small while there are few. */
export class SampleColumn {
  private begin = 0;
  private numbers: number[] = [];

  get length(): number {
    return (this.numbers.length - this.begin) / WIDTH;
  }

  /** When the newest was taken; minus infinity if there is none. */
  get newest(): number {
    return this.length === 0 ? Number.NEGATIVE_INFINITY : this.numbers[this.numbers.length - WIDTH];
  }

  /** Whether the newest sample says that the series ended. */
  get isEnded(): boolean {
    return this.length > 0 && this.numbers[this.numbers.length - WIDTH + ENDED] === 1;
  }

  /** @returns false if the sample is not newer than the newest one, which is then kept */
  append(time: number, value: number, ended: boolean): boolean {
    if (time <= this.newest) return false;
    const sample = [time, value, ended ? 1 : 0];
    if (this.numbers.length <= SMALL) this.numbers = this.numbers.concat(sample);
    else this.numbers.push(...sample);
    return true;
  }

  /** @returns how many were dropped */
  dropBefore(time: number): number {
    const before = this.length;
    this.begin = this.firstFrom(time);
    if (this.begin > this.numbers.length / 2) {
      this.numbers = this.numbers.slice(this.begin);
      this.begin = 0;
    }
    return before - this.length;
  }

  /** A copy of what lies in a range of time, both ends included. */
  window(from: number, to: number): { times: Float64Array; values: Float64Array; stale?: Uint8Array } {
    const begin = this.firstFrom(from);
    const length = Math.max(this.firstFrom(to, true) - begin, 0) / WIDTH;
    const times = new Float64Array(length);
    const values = new Float64Array(length);
    let stale: Uint8Array | undefined;
    for (let index = 0, at = begin; index < length; index++, at += WIDTH) {
      times[index] = this.numbers[at];
      values[index] = this.numbers[at + VALUE];
      if (this.numbers[at + ENDED] !== 1) continue;
      stale ??= new Uint8Array(length);
      stale[index] = 1;
    }
    return stale === undefined ? { times, values } : { times, values, stale };
  }

  /** The index of the first sample at or after a time, or with `after` strictly after it. */
  private firstFrom(time: number, after = false): number {
    let low = this.begin / WIDTH;
    let high = this.numbers.length / WIDTH;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.numbers[middle * WIDTH];
      if (other < time || (after && other === time)) low = middle + 1;
      else high = middle;
    }
    return low * WIDTH;
  }
}
