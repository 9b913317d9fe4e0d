import { HISTOGRAM_COLUMNS, SUMMARY_COLUMNS, VALUE_COLUMN } from './columns';
import type { Definition } from './definition';

/** One line that a metric shows for each of its series, as Prometheus names it. */
export interface Sample {
  /** What follows the metric's name: '', '_bucket', '_sum' or '_count'. */
  suffix: string;
  /** The label the metric itself adds: `le` or `quantile`. */
  label?: readonly [name: string, value: string];
  /** The sample's value in a snapshot, of the series that begins at `column`. */
  read(values: Float64Array, column: number): number;
}

/** A number as label values and text formats show it: the shortest digits that read back as the same number. */
export function formatNumber(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}

/** The samples of a metric, in the order in which they are shown. */
export function samplesOf(definition: Definition): Sample[] {
  if (definition.type === 'histogram') return histogramSamples(definition);
  if (definition.type === 'summary') return summarySamples(definition);
  return [{ suffix: '', read: (values, column) => values[column + VALUE_COLUMN] }];
}

function histogramSamples({ buckets }: Definition): Sample[] {
  const upTo = (bucket: number) => (values: Float64Array, column: number) => {
    let count = 0;
    for (let index = 0; index <= bucket; index++) count += values[column + HISTOGRAM_COLUMNS.COUNTS + index];
    return count;
  };
  return [
    ...[...buckets, Number.POSITIVE_INFINITY].map((bound, bucket) => ({
      suffix: '_bucket',
      label: ['le', formatNumber(bound)] as const,
      read: upTo(bucket),
    })),
    { suffix: '_sum', read: (values, column) => values[column + HISTOGRAM_COLUMNS.SUM] },
    { suffix: '_count', read: upTo(buckets.length) },
  ];
}

function summarySamples({ quantiles }: Definition): Sample[] {
  return [
    ...quantiles.map((quantile, index) => ({
      suffix: '',
      label: ['quantile', formatNumber(quantile)] as const,
      read: (values: Float64Array, column: number) => values[column + SUMMARY_COLUMNS.QUANTILES + index],
    })),
    { suffix: '_sum', read: (values, column) => values[column + SUMMARY_COLUMNS.SUM] },
    { suffix: '_count', read: (values, column) => values[column + SUMMARY_COLUMNS.COUNT] },
  ];
}

/** Writes the values of one series' samples, in the order of `samplesOf`, to the beginning of `out`. */
export type ReadSamples = (values: Float64Array, column: number, out: Float64Array) => void;

/** The same as `read` of every sample, but for all of them at once. */
export function sampleValues({ type, buckets, quantiles }: Definition): ReadSamples {
  if (type === 'histogram') return readHistogram(buckets.length + 1);
  if (type === 'summary') return readSummary(quantiles.length);
  return (values, column, out) => {
    out[0] = values[column + VALUE_COLUMN];
  };
}

function readHistogram(buckets: number): ReadSamples {
  return (values, column, out) => {
    let count = 0;
    for (let bucket = 0; bucket < buckets; bucket++) {
      count += values[column + HISTOGRAM_COLUMNS.COUNTS + bucket];
      out[bucket] = count;
    }
    out[buckets] = values[column + HISTOGRAM_COLUMNS.SUM];
    out[buckets + 1] = count;
  };
}

function readSummary(quantiles: number): ReadSamples {
  return (values, column, out) => {
    for (let index = 0; index < quantiles; index++) out[index] = values[column + SUMMARY_COLUMNS.QUANTILES + index];
    out[quantiles] = values[column + SUMMARY_COLUMNS.SUM];
    out[quantiles + 1] = values[column + SUMMARY_COLUMNS.COUNT];
  };
}

/** Names that a metric's lines begin with. */
export function sampleNames(definition: Pick<Definition, 'name' | 'type'>): string[] {
  const { name, type } = definition;
  if (type === 'histogram') return [`${name}_bucket`, `${name}_sum`, `${name}_count`];
  return type === 'summary' ? [name, `${name}_sum`, `${name}_count`] : [name];
}
