import { join } from 'node:path';
import protobuf from 'protobufjs';
import type { Received } from './receiver';

/** What a request says, in either version. */
export interface Decoded {
  version: 1 | 2;
  /** In the order of the request. */
  series: {
    labels: [string, string][];
    bits: bigint;
    value: number;
    timestamp: number;
    /** 0 if there is none. */
    start: number;
    metadata?: Metadata;
  }[];
  /** Only of version 1. */
  metadata: (Metadata & { name: string })[];
}

export interface Metadata {
  type: number;
  help: string;
  unit: string;
}

const { uncompress } = require('snappyjs') as { uncompress(block: Uint8Array): Uint8Array };
const fixtures = join(__dirname, '..', 'fixtures');
const WriteRequest = protobuf.loadSync(join(fixtures, 'remote-write-1.proto')).lookupType('prometheus.WriteRequest');
const Request = protobuf.loadSync(join(fixtures, 'remote-write-2.proto')).lookupType('io.prometheus.write.v2.Request');

interface Sample {
  value: string;
  timestamp: string;
  startTimestamp?: string;
}

interface PlainRequest1 {
  timeseries: { labels: { name: string; value: string }[]; samples: Sample[] }[];
  metadata: { type: number; metricFamilyName: string; help: string; unit: string }[];
}

interface PlainRequest2 {
  symbols: string[];
  timeseries: {
    labelsRefs: number[];
    samples: Sample[];
    metadata: { type: number; helpRef: number; unitRef: number };
  }[];
}

/** Bits of the NaN that ends a series. */
export const STALE_NAN = 0x7ff0000000000002n;

/** Reads a request with reflection over the published schemas, which the sender has never seen. */
export function decode({ headers, body }: Received): Decoded {
  const plain = uncompress(body);
  if (headers['content-type'] === 'application/x-protobuf') return decode1(plain);
  if (headers['content-type'] === 'application/x-protobuf;proto=io.prometheus.write.v2.Request') return decode2(plain);
  throw new Error(`unknown content-type ${headers['content-type']}`);
}

function toObject<T>(type: protobuf.Type, bytes: Uint8Array): T {
  return type.toObject(type.decode(bytes), { longs: String, arrays: true, defaults: true }) as T;
}

function decode1(bytes: Uint8Array): Decoded {
  const { timeseries, metadata } = toObject<PlainRequest1>(WriteRequest, bytes);
  return {
    version: 1,
    series: timeseries.map(({ labels, samples }) => ({
      labels: labels.map(({ name, value }) => [name, value]),
      ...only(samples),
    })),
    metadata: metadata.map(({ metricFamilyName, ...rest }) => ({ name: metricFamilyName, ...rest })),
  };
}

function decode2(bytes: Uint8Array): Decoded {
  const { symbols, timeseries } = toObject<PlainRequest2>(Request, bytes);
  if (symbols[0] !== '') throw new Error('the first symbol must be empty');
  if (new Set(symbols).size !== symbols.length) throw new Error('a symbol stands twice');
  const text = (ref: number): string => {
    if (symbols[ref] === undefined) throw new Error(`no symbol ${ref}`);
    return symbols[ref];
  };
  return {
    version: 2,
    series: timeseries.map(({ labelsRefs, samples, metadata: { type, helpRef, unitRef } }) => ({
      labels: Array.from({ length: labelsRefs.length / 2 }, (_, pair) => [
        text(labelsRefs[2 * pair]),
        text(labelsRefs[2 * pair + 1]),
      ]),
      ...only(samples),
      metadata: { type, help: text(helpRef), unit: text(unitRef) },
    })),
    metadata: [],
  };
}

function only(samples: Sample[]): { bits: bigint; value: number; timestamp: number; start: number } {
  if (samples.length !== 1) throw new Error(`a series has ${samples.length} samples`);
  const bits = BigInt(samples[0].value);
  const [value] = new Float64Array(new BigUint64Array([bits]).buffer);
  return { bits, value, timestamp: Number(samples[0].timestamp), start: Number(samples[0].startTimestamp ?? 0) };
}

/** Lines as the text format shows them, with the values. Fails on labels that are not sorted. */
export function linesOf({ series }: Decoded): Map<string, number> {
  const lines = new Map<string, number>();
  for (const { labels, value, bits } of series) {
    const names = labels.map(([name]) => name);
    if (String([...names].sort()) !== String(names) || new Set(names).size !== names.length)
      throw new Error(`labels are not sorted: ${names}`);
    const [, metric] = labels.find(([name]) => name === '__name__')!;
    const others = labels.filter(([name]) => name !== '__name__');
    const key = `${metric}{${others.map(([name, text]) => `${name}=${JSON.stringify(text)}`)}}`;
    if (lines.has(key)) throw new Error(`a series stands twice: ${key}`);
    lines.set(key, bits === STALE_NAN ? Number.NEGATIVE_INFINITY : value);
  }
  return lines;
}
