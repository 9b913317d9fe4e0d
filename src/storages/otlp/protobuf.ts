import { Writer } from 'protobufjs/minimal';
import type { Definition } from '../../kinds/definition';
import { kindOf } from '../../kinds/kinds';
import type { Columns, PointType, PointWriter } from '../../kinds/point';
import type { Family } from '../../registry/family';
import { BYTES, FIXED64, tag, VARINT } from '../protobuf-field';
import { type Encoder, NO_RECORDED_VALUE, type Origin, type Point, TEMPORALITY, type Temporality } from './encoder';
import { ucum } from './unit';

/*
 * The messages, with the fields that are written. Source: opentelemetry-proto 1.x, collector/metrics/v1, metrics/v1,
 * resource/v1 and common/v1.
 *
 *     ExportMetricsServiceRequest  1 repeated ResourceMetrics
 *     ResourceMetrics              1 Resource, 2 repeated ScopeMetrics
 *     Resource                     1 repeated KeyValue attributes
 *     ScopeMetrics                 1 InstrumentationScope, 2 repeated Metric
 *     InstrumentationScope         1 string name, 2 string version
 *     Metric                       1 string name, 2 string description, 3 string unit,
 *                                  one of: 5 Gauge, 7 Sum, 9 Histogram, 11 Summary
 *     Gauge, Summary               1 repeated points
 *     Sum, Histogram               1 repeated points, 2 enum AggregationTemporality; Sum: 3 bool is_monotonic
 *     every point                  2 fixed64 start_time_unix_nano, 3 fixed64 time_unix_nano, repeated KeyValue attributes
 *     NumberDataPoint              4 double as_double, 7 attributes, 8 uint32 flags
 *     HistogramDataPoint           4 fixed64 count, 5 double sum, 6 packed fixed64 bucket_counts,
 *                                  7 packed double explicit_bounds, 9 attributes, 10 uint32 flags
 *     SummaryDataPoint             4 fixed64 count, 5 double sum, 6 repeated ValueAtQuantile, 7 attributes,
 *                                  8 uint32 flags
 *     ValueAtQuantile              1 double quantile, 2 double value
 *     KeyValue                     1 string key, 2 AnyValue
 *     AnyValue                     one of: 1 string, 2 bool, 3 int64, 4 double
 */

/** Field numbers that differ between the types of data points. */
interface Fields {
  /** Field of the metric's data, and of a point's attributes and flags. */
  readonly data: number;
  readonly attributes: number;
  readonly flags: number;
  readonly hasTemporality?: boolean;
  readonly isMonotonic?: boolean;
}
const FIELDS: Readonly<Record<PointType, Fields>> = {
  gauge: { data: 5, attributes: 7, flags: 8 },
  sum: { data: 7, attributes: 7, flags: 8, hasTemporality: true, isMonotonic: true },
  histogram: { data: 9, attributes: 9, flags: 10, hasTemporality: true },
  summary: { data: 11, attributes: 7, flags: 8 },
};
const WIDE = 2 ** 32;

/** A request as protobuf. */
export class ProtobufEncoder implements Encoder, PointWriter {
  private readonly writer = Writer.create();
  private readonly times = new Map<number, readonly [low: number, high: number]>();
  /** The fields of the metric that has been begun. */
  private fields: Fields | undefined;
  private temporality: Temporality = TEMPORALITY.CUMULATIVE;

  constructor({ resource, scope }: Origin) {
    this.open(1); // ResourceMetrics
    this.open(1); // Resource
    for (const [key, value] of Object.entries(resource)) this.attribute(key, value);
    this.close();
    this.open(2); // ScopeMetrics
    this.open(1); // InstrumentationScope
    this.text(1, scope.name);
    this.text(2, scope.version);
    this.close();
  }

  metric(definition: Definition, temporality: Temporality): void {
    this.endMetric();
    this.fields = FIELDS[kindOf(definition).pointType];
    this.temporality = temporality;
    this.open(2); // Metric
    this.text(1, definition.name);
    this.text(2, definition.description);
    this.text(3, ucum(definition.unit));
    this.open(this.fields.data);
  }

  private endMetric(): void {
    if (this.fields === undefined) return;
    if (this.fields.hasTemporality) this.writer.uint32(tag(2, VARINT)).uint32(this.temporality);
    if (this.fields.isMonotonic) this.writer.uint32(tag(3, VARINT)).bool(true);
    this.close();
    this.close();
  }

  point({ family, index, values, column, start, time, isEnd }: Point): void {
    const { definition } = family;
    this.open(1);
    if (start !== 0) this.time(2, start);
    this.time(3, time);
    if (isEnd) this.writer.uint32(tag(this.fields!.flags, VARINT)).uint32(NO_RECORDED_VALUE);
    else kindOf(definition).writePoint(this, definition, values, column);
    this.labels(this.fields!.attributes, family, index);
    this.close();
  }

  finish(): Uint8Array {
    this.endMetric();
    this.close();
    this.close();
    return this.writer.finish();
  }

  number(value: number): void {
    this.double(4, value);
  }

  histogram(sum: number, bounds: readonly number[], { values, from, count: buckets }: Columns): void {
    const { writer } = this;
    let count = 0;
    for (let column = from; column < from + buckets; column++) count += values[column];
    writer.uint32(tag(4, FIXED64));
    this.count(count);
    this.double(5, sum);
    writer.uint32(tag(6, BYTES)).uint32(buckets * 8);
    for (let column = from; column < from + buckets; column++) this.count(values[column]);
    writer.uint32(tag(7, BYTES)).uint32(bounds.length * 8);
    for (const bound of bounds) writer.double(bound);
  }

  summary(count: number, sum: number, quantiles: readonly number[], { values, from }: Columns): void {
    this.writer.uint32(tag(4, FIXED64));
    this.count(count);
    this.double(5, sum);
    for (let index = 0; index < quantiles.length; index++) {
      const value = values[from + index];
      // NaN: the window is empty
      if (Number.isNaN(value)) continue;
      this.open(6);
      this.double(1, quantiles[index]);
      this.double(2, value);
      this.close();
    }
  }

  /** Copies the labels' bytes from the registry into the request, without making strings. */
  private labels(field: number, family: Family, index: number): void {
    let isName = true;
    family.eachLabelText(index, (bytes, start, end) => {
      if (isName) this.open(field);
      else this.open(2); // AnyValue
      this.writer.uint32(tag(1, BYTES)).bytes(bytes.subarray(start, end));
      if (!isName) {
        this.close();
        this.close();
      }
      isName = !isName;
    });
  }

  private attribute(key: string, value: string | number | boolean): void {
    this.open(1);
    this.writer.uint32(tag(1, BYTES)).string(key);
    this.open(2);
    if (typeof value === 'string') this.writer.uint32(tag(1, BYTES)).string(value);
    else if (typeof value === 'boolean') this.writer.uint32(tag(2, VARINT)).bool(value);
    else if (Number.isSafeInteger(value)) this.writer.uint32(tag(3, VARINT)).int64(value);
    else this.double(4, value);
    this.close();
    this.close();
  }

  private open(field: number): void {
    this.writer.uint32(tag(field, BYTES)).fork();
  }

  private close(): void {
    this.writer.ldelim();
  }

  private text(field: number, text: string): void {
    if (text !== '') this.writer.uint32(tag(field, BYTES)).string(text);
  }

  private double(field: number, value: number): void {
    this.writer.uint32(tag(field, FIXED64)).double(value);
  }

  /** Writes a fixed64 as its two 32-bit halves, the lower one first. */
  private count(count: number): void {
    this.writer.fixed32(count % WIDE).fixed32(Math.floor(count / WIDE));
  }

  /** Nanoseconds exceed the 53 bits of a number: their halves are computed once per timestamp. */
  private time(field: number, milliseconds: number): void {
    let halves = this.times.get(milliseconds);
    if (halves === undefined) {
      const nanoseconds = BigInt(milliseconds) * 1_000_000n;
      halves = [Number(nanoseconds & 0xffffffffn), Number(nanoseconds >> 32n)];
      this.times.set(milliseconds, halves);
    }
    this.writer.uint32(tag(field, FIXED64)).fixed32(halves[0]).fixed32(halves[1]);
  }
}
