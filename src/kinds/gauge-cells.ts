/**
 * A gauge keeps two generations, because an addition may be stamped with the epoch of a `set` whose own event is still
 * in another thread's ring. Until that event is folded, the gauge shows the generation before it.
 *
 *     0  sequence            |
 *     1  epoch               | epoch of the generation before
 *     2  value set in this epoch (float64), NaN if this shard has not seen the `set`
 *     3  sum of the additions in this epoch (float64)
 *     4  5  value and sum of the generation before
 */
export const GAUGE = { SEQUENCE: 0, EPOCHS: 1, VALUE: 2, ADDED: 3, OLD_VALUE: 4, OLD_ADDED: 5, WORDS: 6 } as const;
