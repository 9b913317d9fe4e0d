import type { MetricType } from '../aggregate/cells';
import { SUMMARY_COLUMNS, VALUE_COLUMN } from '../aggregate/columns';
import type { Definition } from '../aggregate/definition';
import { toHistogramValue } from '../aggregate/histogram';
import { formatNumber } from '../aggregate/samples';
import { presenceIn, type Snapshot } from '../aggregate/snapshot';

/** One series with its present value. */
export interface Metric {
  name: string;
  type: MetricType;
  description: string;
  unit: string;
  labels: Record<string, string>;
  /** Wall-clock milliseconds of the collect. */
  timestamp: number;
  /** Counters and gauges: the value. Histograms and summaries: the number of observations. */
  value: number;
  /** Histograms and summaries: the sum of the observations. */
  sum?: number;
  /** Histograms: cumulative counts by upper bound, ascending; the last is `+Inf`. */
  buckets?: { le: string; count: number }[];
  /** Summaries: the window's values by quantile; NaN (in JSON null) while it is empty. */
  quantiles?: { quantile: number; value: number }[];
}

/** A snapshot as plain objects. */
export function toMetrics(snapshot: Snapshot): Metric[] {
  const { timestamp, families, values } = snapshot;
  const metrics: Metric[] = [];
  for (const family of families) {
    const { count, columns } = family.series;
    const isThere = presenceIn(snapshot, family);
    for (let index = 0; index < count; index++)
      if (isThere(index)) {
        const labels = Object.fromEntries(family.labels(index));
        metrics.push(toMetric(family.definition, labels, { timestamp, values, column: columns[index] }));
      }
  }
  return metrics;
}

/** The columns of one series at one moment. */
export interface SeriesColumns {
  timestamp: number;
  values: Float64Array;
  /** Where those of the series begin. */
  column: number;
}

/** One series as a plain object, which keeps `labels`. */
export function toMetric(
  definition: Definition,
  labels: Record<string, string>,
  { timestamp, values, column }: SeriesColumns,
): Metric {
  const { name, type, description, unit, buckets: bounds, quantiles } = definition;
  const metric: Metric = {
    name,
    type,
    description,
    unit,
    labels,
    timestamp,
    value: values[column + VALUE_COLUMN],
  };
  if (type === 'histogram') {
    const { count, sum, buckets } = toHistogramValue(values, column, bounds);
    metric.value = count;
    metric.sum = sum;
    metric.buckets = buckets.map((bucket) => ({ le: formatNumber(bucket.le), count: bucket.count }));
  } else if (type === 'summary') {
    metric.value = values[column + SUMMARY_COLUMNS.COUNT];
    metric.sum = values[column + SUMMARY_COLUMNS.SUM];
    metric.quantiles = quantiles.map((quantile, at) => ({
      quantile,
      value: values[column + SUMMARY_COLUMNS.QUANTILES + at],
    }));
  }
  return metric;
}
