import type { Definition } from './definition';

/** Series of one metric: numbers side by side, of which those below `count` mean something. */
export interface SeriesNumbers {
  readonly count: number;
  /** Numbers in the arena. */
  readonly ids: Int32Array;
  /** First columns in a snapshot. */
  readonly columns: Int32Array;
  /** Int32Array indexes of the words from which threads take epochs; empty if the kind has none. */
  readonly epochs: Int32Array;
}

/**
 * Is told of each series that has been added up.
 *
 * @param activity a number that every record changes; of a counter, every one that is not 0
 * @param epoch of the `set` that is shown, if the kind has epochs; otherwise 0
 */
export type OnMerged = (index: number, activity: number, epoch: number) => void;

/** Adds up the cells of shards. */
export interface SeriesMerger {
  /**
   * Adds the series from one index of the list to another, the last not included, to their columns of `out`, which must
   * be zero.
   */
  merge(
    out: Float64Array,
    series: SeriesNumbers,
    definition: Definition,
    range: { from: number; to: number },
    onMerged?: OnMerged,
  ): void;
}
