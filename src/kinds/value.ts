/** The value of one series, as `getAllMetrics()` and JSON show it. */
export interface MetricValue {
  /** Counters and gauges: the value. Histograms and summaries: the number of observations. */
  value: number;
  /** Histograms and summaries: the sum of the observations. */
  sum?: number;
  /** Histograms: cumulative counts by upper bound, ascending; the last is `+Inf`. */
  buckets?: { le: string; count: number }[];
  /** Summaries: the window's values by quantile; NaN (in JSON null) while it is empty. */
  quantiles?: { quantile: number; value: number }[];
}
