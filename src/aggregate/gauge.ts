import { high, int } from '../arena/layout';
import { GAUGE } from './cells';

/** What one shard knows of a gauge in one epoch: the value set (NaN if the `set` was elsewhere) and what was added. */
interface Generation {
  epoch: number;
  value: number;
  added: number;
}

/**
 * Adds up what the shards know of one gauge: the newest `set` that has arrived wins, and every addition stamped with its
 * epoch or a later one counts, whichever thread made it. Epoch 0 is the beginning: the value is 0.
 *
 * Epochs wrap. How old one is follows from the gauge's shared epoch, which is never behind any of them; a shard that has
 * not touched the gauge for exactly 2^32 `set`s would be taken for up to date.
 */
export class GaugeMerge {
  private generations: Generation[] = [];

  reset(): void {
    this.generations = [];
  }

  /** Adds one shard's cells. */
  add(i32: Int32Array, f64: Float64Array, cell: number): void {
    const epoch = i32[int(cell + GAUGE.EPOCHS)];
    this.generations.push({ epoch, value: f64[cell + GAUGE.VALUE], added: f64[cell + GAUGE.ADDED] });
    const oldEpoch = i32[high(cell + GAUGE.EPOCHS)];
    if (oldEpoch === epoch) return;
    this.generations.push({ epoch: oldEpoch, value: f64[cell + GAUGE.OLD_VALUE], added: f64[cell + GAUGE.OLD_ADDED] });
  }

  /** @param shared the gauge's shared epoch, read after the cells */
  value(shared: number): number {
    const age = ({ epoch }: Generation): number => (shared - epoch) >>> 0;
    let base: Generation = { epoch: 0, value: 0, added: 0 };
    for (const generation of this.generations)
      if (!Number.isNaN(generation.value) && age(generation) < age(base)) base = generation;
    const counted = this.generations.filter((generation) => age(generation) <= age(base));
    return counted.reduce((sum, { added }) => sum + added, base.value);
  }
}
