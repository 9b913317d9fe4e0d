import { Writer } from 'protobufjs/minimal';
import type { Snapshot } from '../../snapshot/snapshot';
import { BYTES, tag, VARINT } from '../protobuf-field';
import type { OutgoingFamily, OutgoingSeries } from './family';
import { eachLabel } from './labels';
import { METRIC_TYPE, writeSample } from './sample';

/*
 * Used part of package io.prometheus.write.v2. Source: Prometheus remote write specification 2.0, "Protobuf message".
 *
 *     message Request    { reserved 1 to 3; repeated string symbols = 4; repeated TimeSeries timeseries = 5; }
 *     message TimeSeries { repeated uint32 labels_refs = 1; repeated Sample samples = 2; Metadata metadata = 5; }
 *     message Sample     { double value = 1; int64 timestamp = 2; int64 start_timestamp = 3; }
 *     message Metadata   { MetricType type = 1; uint32 help_ref = 3; uint32 unit_ref = 4; }
 *     enum MetricType    { UNSPECIFIED = 0; COUNTER = 1; GAUGE = 2; HISTOGRAM = 3; GAUGEHISTOGRAM = 4; SUMMARY = 5; }
 *
 * References are indexes of symbols, and the first symbol is the empty one.
 */
const REQUEST = { SYMBOLS: tag(4, BYTES), TIMESERIES: tag(5, BYTES) } as const;
const TIMESERIES = { LABELS_REFS: tag(1, BYTES), SAMPLES: tag(2, BYTES), METADATA: tag(5, BYTES) } as const;
const METADATA = { TYPE: tag(1, VARINT), HELP_REF: tag(3, VARINT), UNIT_REF: tag(4, VARINT) } as const;

/** A request of remote write 2.0, not compressed. */
export function encodeVersion2(batch: readonly OutgoingSeries[], { timestamp, values }: Snapshot): Uint8Array {
  const writer = Writer.create();
  const symbols = new Symbols();
  const writeLabel = (name: string, value: string): void => {
    writer.uint32(symbols.refOf(name)).uint32(symbols.refOf(value));
  };
  for (const series of batch) {
    const { family, labels } = series;
    const numbers = family.values(series, values);
    for (let line = 0; line < family.lines.length; line++) {
      writer.uint32(REQUEST.TIMESERIES).fork().uint32(TIMESERIES.LABELS_REFS).fork();
      eachLabel(labels, family.lines[line], writeLabel);
      writer.ldelim();
      writeSample(writer, TIMESERIES.SAMPLES, numbers?.[line], timestamp, family.isTotal[line] ? series.start : 0);
      writeMetadata(writer, family, symbols);
      writer.ldelim();
    }
  }
  for (const symbol of symbols.all()) writer.uint32(REQUEST.SYMBOLS).string(symbol);
  return writer.finish();
}

function writeMetadata(writer: Writer, { definition }: OutgoingFamily, symbols: Symbols): void {
  const { type, description, unit } = definition;
  writer.uint32(TIMESERIES.METADATA).fork().uint32(METADATA.TYPE).int32(METRIC_TYPE[type]);
  if (description !== '') writer.uint32(METADATA.HELP_REF).uint32(symbols.refOf(description));
  if (unit !== '') writer.uint32(METADATA.UNIT_REF).uint32(symbols.refOf(unit));
  writer.ldelim();
}

/** The deduplicated strings of one request. */
class Symbols {
  private readonly refs = new Map([['', 0]]);

  refOf(text: string): number {
    let ref = this.refs.get(text);
    if (ref === undefined) {
      ref = this.refs.size;
      this.refs.set(text, ref);
    }
    return ref;
  }

  all(): Iterable<string> {
    return this.refs.keys();
  }
}
