const FIRST_CAPACITY = 16;

/** The samples of one series, ascending by time, in arrays that grow; the oldest can be dropped. */
export class SampleColumn {
  private begin = 0;
  private end = 0;
  private times = new Float64Array(FIRST_CAPACITY);
  private values = new Float64Array(FIRST_CAPACITY);
  private ends = new Uint8Array(FIRST_CAPACITY);

  get length(): number {
    return this.end - this.begin;
  }

  /** When the newest was taken; minus infinity if there is none. */
  get newest(): number {
    return this.length === 0 ? Number.NEGATIVE_INFINITY : this.times[this.end - 1];
  }

  /** Whether the newest sample says that the series ended. */
  get isEnded(): boolean {
    return this.length > 0 && this.ends[this.end - 1] === 1;
  }

  /** @returns false if it is not newer than the newest, which stands */
  append(time: number, value: number, ended: boolean): boolean {
    if (time <= this.newest) return false;
    if (this.end === this.times.length) this.makeRoom();
    this.times[this.end] = time;
    this.values[this.end] = value;
    this.ends[this.end++] = ended ? 1 : 0;
    return true;
  }

  dropBefore(time: number): void {
    this.begin = this.firstFrom(time);
  }

  /** A copy of what lies in a range of time, both ends included. */
  window(from: number, to: number): { times: Float64Array; values: Float64Array; stale?: Uint8Array } {
    const begin = this.firstFrom(from);
    const end = Math.max(this.firstFrom(to, true), begin);
    const stale = this.ends.slice(begin, end);
    const samples = { times: this.times.slice(begin, end), values: this.values.slice(begin, end) };
    return stale.includes(1) ? { ...samples, stale } : samples;
  }

  /** Index of the first sample at or after a moment, or only after it. */
  private firstFrom(time: number, after = false): number {
    let low = this.begin;
    let high = this.end;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.times[middle] < time || (after && this.times[middle] === time)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Moves what there is to the beginning; into larger arrays if that makes too little room. */
  private makeRoom(): void {
    const { begin, end, length } = this;
    const capacity = length > this.times.length / 2 ? this.times.length * 2 : this.times.length;
    const move = <T extends Float64Array | Uint8Array>(old: T, fresh: T): T => {
      fresh.set(old.subarray(begin, end));
      return fresh;
    };
    this.times = move(this.times, new Float64Array(capacity));
    this.values = move(this.values, new Float64Array(capacity));
    this.ends = move(this.ends, new Uint8Array(capacity));
    this.begin = 0;
    this.end = length;
  }
}
