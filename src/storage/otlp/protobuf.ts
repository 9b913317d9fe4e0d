import { Writer } from 'protobufjs/minimal';
import type { Family } from '../../aggregate/catalog';
import { HISTOGRAM_COLUMNS, SUMMARY_COLUMNS, VALUE_COLUMN } from '../../aggregate/columns';
import type { Definition } from '../../aggregate/definition';
import { eachLabelText } from '../../aggregate/series-key';
import { type Encoder, type Origin, type Point, TEMPORALITY, type Temporality } from './encoder';
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
 *     NumberDataPoint              4 double as_double, 7 attributes
 *     HistogramDataPoint           4 fixed64 count, 5 double sum, 6 packed fixed64 bucket_counts,
 *                                  7 packed double explicit_bounds, 9 attributes
 *     SummaryDataPoint             4 fixed64 count, 5 double sum, 6 repeated ValueAtQuantile, 7 attributes
 *     ValueAtQuantile              1 double quantile, 2 double value
 *     KeyValue                     1 string key, 2 AnyValue
 *     AnyValue                     one of: 1 string, 2 bool, 3 int64, 4 double
 */
const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const tag = (field: number, wireType: number): number => (field << 3) | wireType;

const DATA_FIELD = { gauge: 5, counter: 7, histogram: 9, summary: 11 } as const;
const ATTRIBUTES_FIELD = { gauge: 7, counter: 7, histogram: 9, summary: 7 } as const;
const WIDE = 2 ** 32;

/** A request as protobuf. */
export class ProtobufEncoder implements Encoder {
  private readonly writer = Writer.create();
  private readonly times = new Map<number, readonly [low: number, high: number]>();
  private definition: Definition | undefined;
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
    this.definition = definition;
    this.temporality = temporality;
    this.open(2); // Metric
    this.text(1, definition.name);
    this.text(2, definition.description);
    this.text(3, ucum(definition.unit));
    this.open(DATA_FIELD[definition.type]);
  }

  private endMetric(): void {
    if (this.definition === undefined) return;
    const { type } = this.definition;
    if (type === 'counter' || type === 'histogram') this.writer.uint32(tag(2, VARINT)).uint32(this.temporality);
    if (type === 'counter') this.writer.uint32(tag(3, VARINT)).bool(true);
    this.close();
    this.close();
  }

  point({ family, index, values, column, start, time }: Point): void {
    const { type } = family.definition;
    this.open(1);
    if (start !== 0) this.time(2, start);
    this.time(3, time);
    if (type === 'histogram') this.histogram(family.definition, values, column);
    else if (type === 'summary') this.summary(family.definition, values, column);
    else this.double(4, values[column + VALUE_COLUMN]);
    this.labels(ATTRIBUTES_FIELD[type], family, index);
    this.close();
  }

  finish(): Uint8Array {
    this.endMetric();
    this.close();
    this.close();
    return this.writer.finish();
  }

  private histogram({ buckets }: Definition, values: Float64Array, column: number): void {
    const { writer } = this;
    const counts = column + HISTOGRAM_COLUMNS.COUNTS;
    let count = 0;
    for (let bucket = 0; bucket <= buckets.length; bucket++) count += values[counts + bucket];
    writer.uint32(tag(4, FIXED64));
    this.count(count);
    this.double(5, values[column + HISTOGRAM_COLUMNS.SUM]);
    writer.uint32(tag(6, BYTES)).uint32((buckets.length + 1) * 8);
    for (let bucket = 0; bucket <= buckets.length; bucket++) this.count(values[counts + bucket]);
    writer.uint32(tag(7, BYTES)).uint32(buckets.length * 8);
    for (const bound of buckets) writer.double(bound);
  }

  private summary({ quantiles }: Definition, values: Float64Array, column: number): void {
    this.writer.uint32(tag(4, FIXED64));
    this.count(values[column + SUMMARY_COLUMNS.COUNT]);
    this.double(5, values[column + SUMMARY_COLUMNS.SUM]);
    for (let index = 0; index < quantiles.length; index++) {
      const value = values[column + SUMMARY_COLUMNS.QUANTILES + index];
      // the window is empty
      if (Number.isNaN(value)) continue;
      this.open(6);
      this.double(1, quantiles[index]);
      this.double(2, value);
      this.close();
    }
  }

  /** The labels' bytes go from the registry into the request: no text is made of them. */
  private labels(field: number, { arena, series }: Family, index: number): void {
    let isName = true;
    eachLabelText(arena, series.records[index], (start, end) => {
      if (isName) this.open(field);
      else this.open(2); // AnyValue
      this.writer.uint32(tag(1, BYTES)).bytes(arena.u8.subarray(start, end));
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

  /** A fixed64 is its two halves, the lower first. */
  private count(count: number): void {
    this.writer.fixed32(count % WIDE).fixed32(Math.floor(count / WIDE));
  }

  /** Nanoseconds have more digits than a number: they are found once for each moment. */
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
