/**
 * Cells:
 *
 *     0  sequence            |
 *     1  sum of the observations (float64)
 *     2  observations per bucket (float64 each), not cumulative; the last is +Inf. Their sum is the count.
 */
export const HISTOGRAM = { SEQUENCE: 0, SUM: 1, COUNTS: 2 } as const;
/** Columns: the sum, then the observations of each bucket (not cumulative, +Inf last). */
export const HISTOGRAM_COLUMNS = { SUM: 0, COUNTS: 1 } as const;
