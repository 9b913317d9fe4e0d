/**
 * The aggregated state of one series in one shard, as words of its page. `fold` writes it, `collect` reads it; offsets
 * are from the series' first cell. A page begins as zeros, so all-zero cells mean "nothing recorded yet".
 *
 * Every kind but the counter begins with a sequence word, for those who read without the lock: overflow cells have none.
 */
export const METRIC_TYPES = ['counter', 'gauge', 'histogram', 'summary'] as const;
export type MetricType = (typeof METRIC_TYPES)[number];

/** Word 0: the sum of all increments. */
export const COUNTER = { SUM: 0, WORDS: 1 } as const;

/**
 * A gauge keeps two generations, because an addition may be stamped with the epoch of a `set` whose own event is still
 * in another thread's ring: until that arrives, the generation before it is what the gauge still shows.
 *
 *     0  sequence            |
 *     1  epoch               | epoch of the generation before
 *     2  value set in this epoch (float64), NaN if this shard has not seen the `set`
 *     3  sum of what was added in it (float64)
 *     4  5  the same two of the generation before
 */
export const GAUGE = { SEQUENCE: 0, EPOCHS: 1, VALUE: 2, ADDED: 3, OLD_VALUE: 4, OLD_ADDED: 5, WORDS: 6 } as const;

/**
 *     0  sequence            |
 *     1  sum of the observations (float64)
 *     2  observations per bucket (float64 each), not cumulative; the last is +Inf. Their sum is the count.
 */
export const HISTOGRAM = { SEQUENCE: 0, SUM: 1, COUNTS: 2 } as const;
export const histogramWords = (bounds: number): number => HISTOGRAM.COUNTS + bounds + 1;

/**
 *     0  sequence            | current slot
 *     1  count               2  sum           float64, since the start
 *     3  cut                                  float64; slots that began up to then do not count. Whoever removes or resets
 *                                             the series writes it, and nobody else, whoever writes the other words.
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

/** Words of the cells of one series. */
export function cellWords(type: MetricType, bounds: number): number {
  if (type === 'counter') return COUNTER.WORDS;
  if (type === 'gauge') return GAUGE.WORDS;
  return type === 'histogram' ? histogramWords(bounds) : SUMMARY.WORDS;
}
