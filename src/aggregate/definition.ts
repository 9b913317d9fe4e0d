import type { MetricType } from './cells';

/** What a metric is, as it stands in the registry. All threads that use the metric agree on it. */
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
  /** Seconds after which a series that is not recorded is removed; none if left out. */
  ttl?: number;
  /** Most series; the collector's limit if left out. */
  cardinalityLimit?: number;
}

/** Labels of one series, sorted by name. */
export type LabelPairs = readonly (readonly [name: string, value: string])[];
