/** Where the data of one series are. */
export interface SeriesEntry {
  id: number;
  /** Int32Array index of the word that a gauge takes its epochs from; 0 for other metrics. */
  epoch: number;
  /** First column in a snapshot. */
  column: number;
  /** Pointer to the registry record, which has the labels. */
  record: number;
  /** Number of its birth: see directory.ts. */
  birth: number;
}

/**
 * Series of one metric, in the order they were registered, as a struct of typed arrays: a worker may know a million
 * series, and an object for each would take more memory than their cells. Entries from `count` on are unused.
 */
export class SeriesList {
  count = 0;
  /** Changes when the memory of a series here has been used for another one. */
  reborn = 0;
  ids = new Int32Array(1);
  /** Empty unless the metric is a gauge. */
  epochs = new Int32Array(0);
  columns = new Int32Array(1);
  records = new Int32Array(1);
  /** Numbers of births, which go beyond 32 bits. */
  births = new Float64Array(1);

  static of(series: SeriesEntry): SeriesList {
    const list = new SeriesList();
    list.add(series);
    return list;
  }

  /** Makes room for `count` series at once, if they are many more: growing in steps briefly takes twice the memory. */
  reserve(count: number): void {
    if (count > this.ids.length * 2) this.resize(count);
  }

  add({ id, epoch, column, record, birth: place }: SeriesEntry): void {
    const index = this.extend();
    this.ids[index] = id;
    this.setEpoch(index, epoch);
    this.columns[index] = column;
    this.records[index] = record;
    this.births[index] = place;
  }

  /** Makes room for one more. @returns its index, where all numbers are 0 */
  extend(): number {
    if (this.count === this.ids.length) this.resize(Math.max(this.count * 2, 8));
    return this.count++;
  }

  /** Sets the word that a gauge takes its epochs from; other metrics have 0, for which nothing is allocated. */
  setEpoch(index: number, epoch: number): void {
    if (epoch === 0) return;
    if (this.epochs.length !== this.ids.length) this.epochs = larger(this.epochs, this.ids.length);
    this.epochs[index] = epoch;
  }

  private resize(room: number): void {
    this.ids = larger(this.ids, room);
    this.columns = larger(this.columns, room);
    this.records = larger(this.records, room);
    const births = new Float64Array(room);
    births.set(this.births);
    this.births = births;
  }
}

function larger(ints: Int32Array<ArrayBuffer>, room: number): Int32Array<ArrayBuffer> {
  const copy = new Int32Array(room);
  copy.set(ints);
  return copy;
}
