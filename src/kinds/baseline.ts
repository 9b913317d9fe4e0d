import type { Definition } from './definition';

/** What has been added up of one series, before its baseline is taken off. */
export interface MergedColumns {
  readonly values: Float64Array;
  /** First column in `values`. */
  readonly column: number;
  /** Epoch of the `set` that is shown; 0 if the kind has none. */
  readonly epoch: number;
}

/**
 * What is kept of a series when it is removed or reset, and taken off what its cells have since: some words of float64,
 * beside the activity that all kinds keep.
 */
export interface Baseline {
  words(definition: Definition): number;
  /** Writes it to `f64`, from index `at` on, word after word. */
  write(f64: Float64Array, at: number, merged: MergedColumns, definition: Definition): void;
  /**
   * Takes it off.
   *
   * @param words the baseline, from index `at` on
   * @param keepsInFlight whether the series counts what is in flight, which a reset does not end
   */
  subtract(
    merged: MergedColumns,
    words: Float64Array,
    at: number,
    definition: Definition,
    keepsInFlight: boolean,
  ): void;
}

/**
 * The baseline of kinds whose first columns are sums that only grow.
 *
 * @param columns how many
 */
export function baselineOfSums(columns: (definition: Definition) => number): Baseline {
  return {
    words: columns,
    write(f64, at, { values, column }, definition) {
      for (let word = 0; word < columns(definition); word++) f64[at + word] = values[column + word];
    },
    subtract({ values, column }, words, at, definition) {
      for (let word = 0; word < columns(definition); word++)
        values[column + word] = difference(values[column + word], words[at + word]);
    },
  };
}

/** Sums may have become infinite. */
export function difference(now: number, before: number): number {
  return now === before ? 0 : now - before;
}
