import type { Definition } from './definition';

/** Series of one metric, as a struct of arrays; elements from `count` on are unused. */
export interface SeriesNumbers {
  readonly count: number;
  /** Series ids in the arena. */
  readonly ids: Int32Array;
  /** First columns in a snapshot. */
  readonly columns: Int32Array;
  /** Int32Array indexes of the words from which threads take epochs; empty if the kind has none. */
  readonly epochs: Int32Array;
}

/**
 * Called for each series that has been merged.
 *
 * @param activity a number that every record changes; for a counter, every record other than 0
 * @param epoch of the `set` that is shown, if the kind has epochs; otherwise 0
 */
export type OnMerged = (index: number, activity: number, epoch: number) => void;

/** Merges the cells of shards. */
export interface SeriesMerger {
  /**
   * Merges the series at the indexes `from` to `to` (exclusive) of the list into their columns of `out`, which must be
   * zero.
   */
  merge(
    out: Float64Array,
    series: SeriesNumbers,
    definition: Definition,
    range: { from: number; to: number },
    onMerged?: OnMerged,
  ): void;
}
