/** The types of metrics, in the order of their numbers in the registry. */
export const METRIC_TYPES = ['counter', 'gauge', 'histogram', 'summary'] as const;
export type MetricType = (typeof METRIC_TYPES)[number];

/** The definition of a metric, as the registry stores it. All threads that use the metric share it. */
export interface Definition {
  name: string;
  type: MetricType;
  description: string;
  /** Base unit, the suffix of the name; '' if none was given. */
  unit: string;
  /** The fixed set of label names, or null if any label set may be given. */
  labelNames: string[] | null;
  /** Upper bounds of a histogram's buckets, ascending, without +Inf. */
  buckets: number[];
  /** Quantiles that a summary shows. */
  quantiles: number[];
  /** Length of a summary's window in seconds. */
  maxAge: number;
  /** Most observations of a summary's window, per recording thread. */
  maxSamples: number;
  /** Seconds without a record after which a series is removed; undefined: never. */
  ttl?: number;
  /** Most series; undefined: the collector's limit. */
  cardinalityLimit?: number;
}

/** Options that only histograms have. */
export interface BucketOptions {
  /** Upper bounds, strictly increasing; +Inf is added. Default: 0.005 to 10, for seconds. */
  buckets?: readonly number[];
}

/** Options that only summaries have. */
export interface WindowOptions {
  /** Seconds that the window reaches back; it advances in fifths. Default 600. */
  maxAge?: number;
  /** Most observations in the window, for each recording thread, at least 5; it advances in fifths. Default 10 000. */
  maxSamples?: number;
  /** Quantiles that are shown, 0 to 1, at most 100. Default 0.5, 0.9, 0.95, 0.99. */
  quantiles?: readonly number[];
}

/** Options that only some kinds have, as a user gives them. */
export type DefinitionOptions = BucketOptions & WindowOptions;

/** Labels of one series, sorted by name. */
export type LabelPairs = readonly (readonly [name: string, value: string])[];
