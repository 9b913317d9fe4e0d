import type { Definition } from '../../kinds/definition';
import { kindOf } from '../../kinds/kinds';
import type { Columns, PointType, PointWriter } from '../../kinds/point';
import { type Encoder, NO_RECORDED_VALUE, type Origin, type Point, type Temporality } from './encoder';
import { ucum } from './unit';

/** The fields of a metric's data beside its points. */
const BESIDE_POINTS: Readonly<Record<PointType, (aggregationTemporality: Temporality) => object>> = {
  gauge: () => ({}),
  sum: (aggregationTemporality) => ({ aggregationTemporality, isMonotonic: true }),
  histogram: (aggregationTemporality) => ({ aggregationTemporality }),
  summary: () => ({}),
};

/**
 * A request as JSON. Source: OTLP specification, "JSON Protobuf Encoding", and the proto3 JSON mapping: names in camel
 * case, enums as numbers, 64-bit integers as texts, numbers that JSON does not have as `"NaN"` and `"Infinity"`.
 */
export class JsonEncoder implements Encoder, PointWriter {
  private readonly metrics: unknown[] = [];
  private points: unknown[] = [];
  /** The numbers of the point that is being written. */
  private numbers: object = {};

  constructor(private readonly origin: Origin) {}

  metric(definition: Definition, aggregationTemporality: Temporality): void {
    const { name, description, unit } = definition;
    const { pointType } = kindOf(definition);
    this.points = [];
    const dataPoints = this.points;
    const common = { name, description: description || undefined, unit: ucum(unit) || undefined };
    this.metrics.push({ ...common, [pointType]: { dataPoints, ...BESIDE_POINTS[pointType](aggregationTemporality) } });
  }

  point({ family, index, values, column, start, time, isEnd }: Point): void {
    const { definition } = family;
    const labels = family.labels(index);
    this.numbers = { flags: NO_RECORDED_VALUE };
    if (!isEnd) kindOf(definition).writePoint(this, definition, values, column);
    this.points.push({
      attributes: labels.length === 0 ? undefined : labels.map(([key, value]) => attribute(key, value)),
      startTimeUnixNano: start === 0 ? undefined : nanoseconds(start),
      timeUnixNano: nanoseconds(time),
      ...this.numbers,
    });
  }

  number(value: number): void {
    this.numbers = { asDouble: double(value) };
  }

  histogram(sum: number, bounds: readonly number[], { values, from, count: buckets }: Columns): void {
    const bucketCounts = [...values.subarray(from, from + buckets)];
    const count = String(bucketCounts.reduce((all, one) => all + one, 0));
    this.numbers = { count, sum: double(sum), bucketCounts: bucketCounts.map(String), explicitBounds: bounds };
  }

  summary(count: number, sum: number, quantiles: readonly number[], { values, from }: Columns): void {
    const shown = quantiles.map((quantile, at) => ({ quantile, value: values[from + at] }));
    // a quantile of an empty window is left out
    const quantileValues = shown.filter(({ value }) => !Number.isNaN(value));
    this.numbers = { count: String(count), sum: double(sum), quantileValues };
  }

  finish(): Uint8Array {
    const { resource, scope } = this.origin;
    const attributes = Object.entries(resource).map(([key, value]) => attribute(key, value));
    const scopeMetrics = [{ scope: { name: scope.name, version: scope.version || undefined }, metrics: this.metrics }];
    return Buffer.from(JSON.stringify({ resourceMetrics: [{ resource: { attributes }, scopeMetrics }] }));
  }
}

function attribute(key: string, value: string | number | boolean): unknown {
  if (typeof value === 'string') return { key, value: { stringValue: value } };
  if (typeof value === 'boolean') return { key, value: { boolValue: value } };
  return { key, value: Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value } };
}

/** Appends digits as text: nanoseconds since 1970 exceed the 53 bits of a number, milliseconds do not. */
function nanoseconds(milliseconds: number): string {
  return `${milliseconds}000000`;
}

function double(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}
