import type { Writer } from 'protobufjs/minimal';
import type { MetricType } from '../../kinds/definition';

/** Wire types of protobuf. */
export const VARINT = 0;
export const FIXED64 = 1;
export const BYTES = 2;

/** The tag of a field on the wire. */
export const field = (number: number, wireType: number): number => (number << 3) | wireType;

/** How both versions number the kinds of metrics. */
export const METRIC_TYPE: Record<MetricType, number> = { counter: 1, gauge: 2, histogram: 3, summary: 5 };

const VALUE = field(1, FIXED64);
const TIMESTAMP = field(2, VARINT);
const START_TIMESTAMP = field(3, VARINT);
/**
 * The NaN that marks the end of a series. Its exact bits matter, and JavaScript may change the bits of a NaN, so they
 * are written as an integer. Source: Prometheus remote write specification 1.0, "Stale markers".
 */
const STALE_NAN = { low: 0x00000002, high: 0x7ff00000, unsigned: true };

/**
 * Writes a sample as the field with this tag. Both protocol versions encode samples alike, but only 2.0 has a start.
 *
 * @param value undefined for the end of a series
 * @param timestamp milliseconds since 1970
 * @param start since when a total counts, milliseconds since 1970; 0 = none
 */
export function writeSample(
  writer: Writer,
  tag: number,
  value: number | undefined,
  timestamp: number,
  start = 0,
): void {
  writer.uint32(tag).fork().uint32(VALUE);
  if (value === undefined) writer.fixed64(STALE_NAN);
  else writer.double(value);
  writer.uint32(TIMESTAMP).int64(timestamp);
  if (start !== 0) writer.uint32(START_TIMESTAMP).int64(start);
  writer.ldelim();
}
