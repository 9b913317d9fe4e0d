import { Writer } from 'protobufjs/minimal';
import type { Snapshot } from '../../snapshot/snapshot';
import { BYTES, tag, VARINT } from '../protobuf-field';
import type { OutgoingFamily, OutgoingSeries } from './family';
import { eachLabel } from './labels';
import { METRIC_TYPE, writeSample } from './sample';

/*
 * The used part of package prometheus. Sources: Prometheus remote write specification 1.0; prompb/remote.proto and
 * prompb/types.proto of Prometheus.
 *
 *     message WriteRequest   { repeated TimeSeries timeseries = 1; reserved 2; repeated MetricMetadata metadata = 3; }
 *     message TimeSeries     { repeated Label labels = 1; repeated Sample samples = 2; }
 *     message Label          { string name = 1; string value = 2; }
 *     message Sample         { double value = 1; int64 timestamp = 2; }
 *     message MetricMetadata { MetricType type = 1; string metric_family_name = 2; string help = 4; string unit = 5; }
 *     enum MetricType        { UNKNOWN = 0; COUNTER = 1; GAUGE = 2; HISTOGRAM = 3; GAUGEHISTOGRAM = 4; SUMMARY = 5; }
 */
const REQUEST = { TIMESERIES: tag(1, BYTES), METADATA: tag(3, BYTES) } as const;
const TIMESERIES = { LABELS: tag(1, BYTES), SAMPLES: tag(2, BYTES) } as const;
const LABEL = { NAME: tag(1, BYTES), VALUE: tag(2, BYTES) } as const;
const METADATA = {
  TYPE: tag(1, VARINT),
  NAME: tag(2, BYTES),
  HELP: tag(4, BYTES),
  UNIT: tag(5, BYTES),
} as const;

/** A request of remote write 1.0, not compressed. */
export function encodeVersion1(batch: readonly OutgoingSeries[], { timestamp, values }: Snapshot): Uint8Array {
  const writer = Writer.create();
  const described = new Set<OutgoingFamily>();
  const writeLabel = (name: string, value: string): void => {
    writer.uint32(TIMESERIES.LABELS).fork().uint32(LABEL.NAME).string(name).uint32(LABEL.VALUE).string(value).ldelim();
  };
  for (const series of batch) {
    const { family, labels, saying } = series;
    const numbers = family.values(series, values);
    for (let line = 0; line < family.lines.length; line++) {
      writer.uint32(REQUEST.TIMESERIES).fork();
      eachLabel(labels, family.lines[line], writeLabel);
      writeSample(writer, TIMESERIES.SAMPLES, numbers?.[line], timestamp);
      writer.ldelim();
    }
    if (saying !== 'end') described.add(family);
  }
  for (const family of described) writeMetadata(writer, family);
  return writer.finish();
}

function writeMetadata(writer: Writer, { definition }: OutgoingFamily): void {
  const { name, type, description, unit } = definition;
  writer.uint32(REQUEST.METADATA).fork().uint32(METADATA.TYPE).int32(METRIC_TYPE[type]);
  writer.uint32(METADATA.NAME).string(name);
  if (description !== '') writer.uint32(METADATA.HELP).string(description);
  if (unit !== '') writer.uint32(METADATA.UNIT).string(unit);
  writer.ldelim();
}
