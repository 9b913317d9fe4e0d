import { high, int } from '../arena/layout';
import { GAUGE } from './gauge-cells';

/**
 * Merges the shards' cells of one gauge: the newest `set` that has been folded wins, and every addition of any thread
 * that is stamped with its epoch or a later one counts. Cells that were never written have epoch 0 and the value 0;
 * that epoch is older than any other.
 *
 * Epochs wrap. The age of an epoch is its distance from the gauge's shared epoch, which is never behind any of them. A
 * shard whose last `set` is exactly 2^32 `set`s old would be taken for up to date.
 */
export class GaugeMerge {
  /** For each generation of each shard: its epoch, the value set (NaN if another shard has the `set`), additions. */
  private readonly epochs: Int32Array;
  private readonly values: Float64Array;
  private readonly added: Float64Array;
  private count = 0;
  /** Changes with every event that is folded. */
  version = 0;
  /** Epoch of the `set` that won, when `value` was called. */
  winner = 0;

  /** @param most the most cells that are merged at a time */
  constructor(most: number) {
    this.epochs = new Int32Array(most * 2);
    this.values = new Float64Array(most * 2);
    this.added = new Float64Array(most * 2);
  }

  reset(): void {
    this.count = 0;
    this.version = 0;
  }

  /** Adds one shard's cells. */
  add(i32: Int32Array, f64: Float64Array, cell: number): void {
    this.version = (this.version + i32[int(cell + GAUGE.SEQUENCE)]) | 0;
    const epoch = i32[int(cell + GAUGE.EPOCHS)];
    const oldEpoch = i32[high(cell + GAUGE.EPOCHS)];
    this.generation(epoch, f64[cell + GAUGE.VALUE], f64[cell + GAUGE.ADDED]);
    if (oldEpoch !== epoch) this.generation(oldEpoch, f64[cell + GAUGE.OLD_VALUE], f64[cell + GAUGE.OLD_ADDED]);
  }

  private generation(epoch: number, value: number, added: number): void {
    this.epochs[this.count] = epoch;
    this.values[this.count] = value;
    this.added[this.count++] = added;
  }

  /** @param shared the gauge's shared epoch, read after the cells */
  value(shared: number): number {
    let age = OLDEST;
    let value = 0;
    this.winner = NEVER_WRITTEN;
    for (let index = 0; index < this.count; index++) {
      const own = ageOf(this.epochs[index], shared);
      if (own >= age || Number.isNaN(this.values[index])) continue;
      age = own;
      value = this.values[index];
      this.winner = this.epochs[index];
    }
    for (let index = 0; index < this.count; index++)
      if (ageOf(this.epochs[index], shared) <= age) value += this.added[index];
    return value;
  }
}

/** The epoch of cells that were never written, and its age, which is higher than that of any other epoch. */
const NEVER_WRITTEN = 0;
const OLDEST = 2 ** 32;

function ageOf(epoch: number, shared: number): number {
  return epoch === NEVER_WRITTEN ? OLDEST : (shared - epoch) >>> 0;
}
