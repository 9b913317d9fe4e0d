/**
 * Cells of a summary:
 *
 *     0  sequence            | current slot
 *     1  count               2  sum           float64, since the start
 *     3  cut                                  float64; slots that began up to this time do not count. Written
 *                                             only by the thread that removes or resets the series.
 *     4  SLOTS x (began, count, sum, min, max)   float64; began = 0: empty. Together they are the window.
 *    29  CHUNK_ENTRIES pointers (int32) to chunks of the sketch: open addressing, the hash is the octave
 */
export const SLOTS = 5;
export const SLOT = { BEGAN: 0, COUNT: 1, SUM: 2, MIN: 3, MAX: 4, WORDS: 5 } as const;
export const CHUNK_ENTRIES = 64;
export const SUMMARY = {
  SEQUENCE: 0,
  COUNT: 1,
  SUM: 2,
  CUT: 3,
  SLOTS: 4,
  CHUNKS: 4 + SLOTS * SLOT.WORDS,
  WORDS: 4 + SLOTS * SLOT.WORDS + CHUNK_ENTRIES / 2,
} as const;

/**
 * A chunk holds the bins of one octave (sign and exponent of a float64) for all slots.
 *
 *     0  octave + 1          |
 *     1  SLOTS x BINS counts (uint32)
 */
export const BINS = 64;
export const CHUNK = { OCTAVE: 0, COUNTS: 1, WORDS: 1 + (SLOTS * BINS) / 2 } as const;

/** Columns of a summary: count and sum since the start, the same of the window, its extremes, then one per quantile. */
export const SUMMARY_COLUMNS = {
  COUNT: 0,
  SUM: 1,
  WINDOW_COUNT: 2,
  WINDOW_SUM: 3,
  MIN: 4,
  MAX: 5,
  QUANTILES: 6,
} as const;
