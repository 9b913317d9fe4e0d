import type { Writer } from 'protobufjs/minimal';
import type { MetricType } from '../../kinds/definition';
import { FIXED64, tag, VARINT } from '../protobuf-field';

/** How both versions number the kinds of metrics. */
export const METRIC_TYPE: Record<MetricType, number> = { counter: 1, gauge: 2, histogram: 3, summary: 5 };

const VALUE = tag(1, FIXED64);
const TIMESTAMP = tag(2, VARINT);
const START_TIMESTAMP = tag(3, VARINT);
/**
 * The NaN that marks the end of a series. Its exact bits matter, and JavaScript may change the bits of a NaN, so they
 * are written as an integer. Source: Prometheus remote write specification 1.0, "Stale markers".
 */
const STALE_NAN = { low: 0x00000002, high: 0x7ff00000, unsigned: true };

/**
 * Writes a sample as a field. Both protocol versions encode samples alike, but only 2.0 has a start.
 *
 * @param field its tag
 * @param value undefined for the end of a series
 * @param timestamp milliseconds since 1970
 * @param start since when a total counts, milliseconds since 1970; 0 = none
 */
export function writeSample(
  writer: Writer,
  field: number,
  value: number | undefined,
  timestamp: number,
  start = 0,
): void {
  writer.uint32(field).fork().uint32(VALUE);
  if (value === undefined) writer.fixed64(STALE_NAN);
  else writer.double(value);
  writer.uint32(TIMESTAMP).int64(timestamp);
  if (start !== 0) writer.uint32(START_TIMESTAMP).int64(start);
  writer.ldelim();
}
