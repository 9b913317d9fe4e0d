import { HISTOGRAM_COLUMNS, SUMMARY_COLUMNS, VALUE_COLUMN } from '../../aggregate/columns';
import type { Definition } from '../../aggregate/definition';
import type { Encoder, Origin, Point, Temporality } from './encoder';
import { ucum } from './unit';

/**
 * A request as JSON. Source: OTLP specification, "JSON Protobuf Encoding", and the proto3 JSON mapping: names in camel
 * case, enums as numbers, 64-bit integers as texts, numbers that JSON does not have as `"NaN"` and `"Infinity"`.
 */
export class JsonEncoder implements Encoder {
  private readonly metrics: unknown[] = [];
  private points: unknown[] = [];

  constructor(private readonly origin: Origin) {}

  metric({ name, description, unit, type }: Definition, aggregationTemporality: Temporality): void {
    this.points = [];
    const dataPoints = this.points;
    const common = { name, description: description || undefined, unit: ucum(unit) || undefined };
    if (type === 'gauge') this.metrics.push({ ...common, gauge: { dataPoints } });
    else if (type === 'summary') this.metrics.push({ ...common, summary: { dataPoints } });
    else if (type === 'histogram') this.metrics.push({ ...common, histogram: { dataPoints, aggregationTemporality } });
    else this.metrics.push({ ...common, sum: { dataPoints, aggregationTemporality, isMonotonic: true } });
  }

  point({ family, index, values, column, start, time }: Point): void {
    const { definition } = family;
    const labels = family.labels(index);
    this.points.push({
      attributes: labels.length === 0 ? undefined : labels.map(([key, value]) => attribute(key, value)),
      startTimeUnixNano: start === 0 ? undefined : nanoseconds(start),
      timeUnixNano: nanoseconds(time),
      ...numbersOf(definition, values, column),
    });
  }

  finish(): Uint8Array {
    const { resource, scope } = this.origin;
    const attributes = Object.entries(resource).map(([key, value]) => attribute(key, value));
    const scopeMetrics = [{ scope: { name: scope.name, version: scope.version || undefined }, metrics: this.metrics }];
    return Buffer.from(JSON.stringify({ resourceMetrics: [{ resource: { attributes }, scopeMetrics }] }));
  }
}

function numbersOf({ type, buckets, quantiles }: Definition, values: Float64Array, column: number): object {
  if (type === 'histogram') {
    const counts = column + HISTOGRAM_COLUMNS.COUNTS;
    const bucketCounts = [...values.subarray(counts, counts + buckets.length + 1)];
    return {
      count: String(bucketCounts.reduce((sum, count) => sum + count, 0)),
      sum: double(values[column + HISTOGRAM_COLUMNS.SUM]),
      bucketCounts: bucketCounts.map(String),
      explicitBounds: buckets,
    };
  }
  if (type === 'summary') {
    const shown = quantiles.map((quantile, at) => ({
      quantile,
      value: values[column + SUMMARY_COLUMNS.QUANTILES + at],
    }));
    return {
      count: String(values[column + SUMMARY_COLUMNS.COUNT]),
      sum: double(values[column + SUMMARY_COLUMNS.SUM]),
      // without values in the window there is none
      quantileValues: shown.filter(({ value }) => !Number.isNaN(value)),
    };
  }
  return { asDouble: double(values[column + VALUE_COLUMN]) };
}

function attribute(key: string, value: string | number | boolean): unknown {
  if (typeof value === 'string') return { key, value: { stringValue: value } };
  if (typeof value === 'boolean') return { key, value: { boolValue: value } };
  return { key, value: Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value } };
}

/** Milliseconds since 1970 have all their digits; so have a million times as many nanoseconds, as text. */
function nanoseconds(milliseconds: number): string {
  return `${milliseconds}000000`;
}

function double(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}
