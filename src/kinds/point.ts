/** Types of data points that OTLP distinguishes. Source: opentelemetry-proto, metrics/v1. */
export type PointType = 'sum' | 'gauge' | 'histogram' | 'summary';

/** A range of a snapshot's values. */
export interface Columns {
  readonly values: Float64Array;
  /** Index of the first column. */
  readonly from: number;
  readonly count: number;
}

/** Receives the numbers of one series; implemented by encoders of formats with typed points. */
export interface PointWriter {
  number(value: number): void;
  /** @param counts observations per bucket, not cumulative; one more than bounds, the last is that of +Inf */
  histogram(sum: number, bounds: readonly number[], counts: Columns): void;
  /** @param shown one value for each quantile; NaN while the window is empty */
  summary(count: number, sum: number, quantiles: readonly number[], shown: Columns): void;
}
