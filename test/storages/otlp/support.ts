import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
// made from the official definitions; the library's own writer has no part in it
import root from '@opentelemetry/otlp-transformer/build/src/generated/root.js';
import { type MetricsCollector, OtlpStorage, type OtlpStorageOptions } from 'ringmeter';
import type { Test } from 'tap';
import { Arena } from '../../../dist/src/arena/arena.js';
import { Drainer } from '../../../dist/src/drain/drain.js';
import { Collect } from '../../../dist/src/snapshot/collect.js';
import type { Snapshot } from '../../../dist/src/snapshot/snapshot.js';
import { OtlpBackend } from '../../../dist/src/storages/otlp/otlp-backend.js';

/** What the definitions have for each message; their own types do not say. */
interface MessageType {
  decode(bytes: Uint8Array): object;
  encode(message: object): { finish(): Uint8Array };
  verify(message: object): string | null;
  fromObject(json: object): object;
  toObject(message: object, options: object): object;
}
type Messages = Record<'ExportMetricsServiceRequest' | 'ExportMetricsServiceResponse', MessageType>;

const { opentelemetry } = root as unknown as {
  opentelemetry: { proto: { collector: { metrics: { v1: Messages } } } };
};
const { ExportMetricsServiceRequest, ExportMetricsServiceResponse } = opentelemetry.proto.collector.metrics.v1;

/** A request as the official definitions read it: 64-bit integers as texts, names as in JSON. */
export interface OtlpRequest {
  resourceMetrics: {
    resource: { attributes: OtlpKeyValue[] };
    scopeMetrics: { scope: { name?: string; version?: string }; metrics: OtlpMetric[] }[];
  }[];
}
export interface OtlpKeyValue {
  key: string;
  value: { stringValue?: string; boolValue?: boolean; intValue?: string; doubleValue?: number };
}
interface Data {
  dataPoints: OtlpPoint[];
  aggregationTemporality?: number;
  isMonotonic?: boolean;
}
export interface OtlpMetric {
  name: string;
  description?: string;
  unit?: string;
  sum?: Data;
  gauge?: Data;
  histogram?: Data;
  summary?: Data;
}
export interface OtlpPoint {
  attributes?: OtlpKeyValue[];
  startTimeUnixNano?: string;
  timeUnixNano: string;
  asDouble?: number;
  asInt?: string;
  count?: string;
  sum?: number;
  min?: number;
  max?: number;
  bucketCounts?: string[];
  explicitBounds?: number[];
  quantileValues?: { quantile?: number; value?: number }[];
  flags?: number;
}

const isEmpty = (value: unknown): boolean => Array.isArray(value) && value.length === 0;

const toPlain = (message: object): OtlpRequest =>
  ExportMetricsServiceRequest.toObject(message, { longs: String }) as OtlpRequest;

/** Reads a body with the official definitions. What they do not know makes it throw. */
export function decode(body: Buffer, contentType: string | undefined): OtlpRequest {
  if (contentType === 'application/x-protobuf') {
    const message = ExportMetricsServiceRequest.decode(body);
    // whatever was not understood would be missing now
    if (ExportMetricsServiceRequest.encode(message).finish().length !== body.length)
      throw new Error('the request has fields that are not in the definitions, or has them twice');
    return toPlain(message);
  }
  if (contentType !== 'application/json') throw new Error(`unexpected content type ${contentType}`);
  const json = JSON.parse(body.toString());
  const problem = ExportMetricsServiceRequest.verify(ExportMetricsServiceRequest.fromObject(json));
  if (problem) throw new Error(problem);
  const plain = toPlain(ExportMetricsServiceRequest.fromObject(json));
  // an empty list is no list
  const names = (value: unknown): number =>
    typeof value !== 'object' || value === null
      ? 0
      : Object.values(value).reduce((sum: number, one) => sum + names(one) + (isEmpty(one) ? 0 : 1), 0);
  if (names(plain) !== names(json)) throw new Error(`JSON with names that are not in the definitions: ${body}`);
  return plain;
}

/** The answer to a request that was taken, in part. */
export function partialSuccess(encoding: 'protobuf' | 'json', rejected: number, errorMessage: string): Buffer {
  const partial = { partialSuccess: { rejectedDataPoints: rejected, errorMessage } };
  if (encoding === 'json')
    return Buffer.from(JSON.stringify({ partialSuccess: { rejectedDataPoints: String(rejected), errorMessage } }));
  return Buffer.from(ExportMetricsServiceResponse.encode(ExportMetricsServiceResponse.fromObject(partial)).finish());
}

export interface Received {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  /** Uncompressed. */
  body: Buffer;
  request: OtlpRequest;
  metrics: OtlpMetric[];
}

/** How a request is answered; without one, with 200 and what a receiver says that has taken everything. */
export type Answer = (response: ServerResponse, received: Received) => void;

/** A receiver on loopback that reads with the official definitions and fails as it is told to. */
export class Receiver {
  readonly url: string;
  /** Requests that were answered with 2xx. */
  readonly taken: Received[] = [];
  /** All of them. */
  readonly received: Received[] = [];
  /** Used up by one request each. */
  readonly answers: (Answer | undefined)[] = [];
  readonly errors: unknown[] = [];

  private constructor(port: number) {
    this.url = `http://127.0.0.1:${port}`;
  }

  static async start(t: Test): Promise<Receiver> {
    let receiver: Receiver | undefined;
    const server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part) => parts.push(part));
      request.on('end', () => {
        try {
          const sent = Buffer.concat(parts);
          const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent;
          const { method = '', url: path = '', headers } = request;
          receiver!.answer({ method, path, headers, body, ...readMetrics(body, headers['content-type']) }, response);
        } catch (error) {
          receiver!.errors.push(error);
          response.writeHead(400).end(String(error));
        }
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    receiver = new Receiver((server.address() as AddressInfo).port);
    t.teardown(() => {
      server.closeAllConnections();
      server.close();
      if (receiver.errors.length > 0) throw receiver.errors[0];
    });
    return receiver;
  }

  private answer(received: Received, response: ServerResponse): void {
    this.received.push(received);
    const answer = this.answers.shift();
    if (answer !== undefined) answer(response, received);
    else
      response
        .writeHead(200, { 'content-type': received.headers['content-type'] })
        .end(received.headers['content-type'] === 'application/json' ? '{}' : '');
    if (response.statusCode < 300 && !response.destroyed) this.taken.push(received);
  }

  /** Points of one metric in everything that was taken, in order. */
  points(name: string): OtlpPoint[] {
    return this.taken.flatMap(({ metrics }) => metrics.filter((metric) => metric.name === name).flatMap(pointsOf));
  }
}

function readMetrics(body: Buffer, contentType: string | undefined): { request: OtlpRequest; metrics: OtlpMetric[] } {
  const request = decode(body, contentType);
  return {
    request,
    metrics: request.resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics)),
  };
}

export function pointsOf({ sum, gauge, histogram, summary }: OtlpMetric): OtlpPoint[] {
  return (sum ?? gauge ?? histogram ?? summary)?.dataPoints ?? [];
}

export const labelsOf = ({ attributes = [] }: OtlpPoint): Record<string, string | undefined> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue]));

export const nanos = (milliseconds: number): string => String(BigInt(milliseconds) * 1_000_000n);

/** An answer of nothing but a status. */
export const status =
  (code: number, headers: Record<string, string> = {}, body: string | Buffer = ''): Answer =>
  (response) =>
    response.writeHead(code, headers).end(body);

/** The connection ends without an answer. */
export const cut: Answer = (response) => response.destroy();

/** Makes snapshots of a collector. */
export function snapshotsOf(collector: MetricsCollector): () => Promise<Snapshot> {
  const arena = Arena.attach(collector.handle.arena);
  const collect = new Collect(arena, new Drainer(arena, 1_000_000));
  return () => collect.snapshot();
}

export const NEVER: AbortSignal = new AbortController().signal;

/** The storage's backend as a flush worker has it. `again()` makes another one, as a worker does that takes over. */
export function backendOf(t: Test, options: OtlpStorageOptions): { backend: OtlpBackend; again(): OtlpBackend } {
  const storage = new OtlpStorage(options);
  storage.bind(async () => []);
  const again = (): OtlpBackend => {
    const backend = new OtlpBackend({
      name: 'otlp',
      options: structuredClone(storage.description.options),
      defaultLabels: {},
      families: () => [],
      exclusively: (action) => action(),
    });
    t.teardown(() => backend.close());
    return backend;
  };
  return { backend: again(), again };
}
