import type { Definition } from './definition';

/** The merged values of one series, before its baseline is subtracted. */
export interface MergedColumns {
  readonly values: Float64Array;
  /** First column in `values`. */
  readonly column: number;
  /** Epoch of the `set` that is shown; 0 if the kind has none. */
  readonly epoch: number;
}

/**
 * The values of a series at its removal or reset, which are subtracted from its cells from then on: some float64 words,
 * in addition to the activity that all kinds store.
 */
export interface Baseline {
  words(definition: Definition): number;
  /** Writes the baseline to `f64`, from index `at` on, word after word. */
  write(f64: Float64Array, at: number, merged: MergedColumns, definition: Definition): void;
  /**
   * Subtracts the baseline from the merged values.
   *
   * @param words the baseline, from index `at` on
   * @param keepsInFlight whether the series counts work in flight, which a reset does not subtract
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
 * @param columns the number of these columns
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

/** The difference of two sums; 0 if they are equal, since Infinity - Infinity is NaN. */
export function difference(now: number, before: number): number {
  return now === before ? 0 : now - before;
}
