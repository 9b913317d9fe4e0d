import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { JSON_TYPE } from '../../common/media-type';
import { warn } from '../../common/warning';
import type { Attempt, BackendContext, CreateBackend, StorageBackend } from '../../delivery/types';
import { HttpClient } from '../../net/http';
import type { HttpOptions } from '../../net/http-options';
import type { Snapshot } from '../../snapshot/snapshot';
import { type PartialSuccess, partialSuccessOf, type Refusal, refusalOf } from './answer';
import { type Origin, TEMPORALITY } from './encoder';
import { JsonEncoder } from './json';
import { Ledger } from './ledger';
import { PointCursor } from './points';
import { ProtobufEncoder } from './protobuf';
import { type OtlpRequest, requestsOf } from './requests';

/** What `OtlpStorage` sends to the workers. */
export interface OtlpBackendOptions extends Origin {
  /** Where requests are posted to. */
  url: string;
  encoding: 'protobuf' | 'json';
  temporality: 'cumulative' | 'delta';
  compression: 'gzip' | 'none';
  maxSeriesPerRequest: number;
  http: HttpOptions;
  ledger: SharedArrayBuffer;
}

const ENCODINGS = {
  protobuf: { contentType: 'application/x-protobuf', Encoder: ProtobufEncoder },
  json: { contentType: JSON_TYPE, Encoder: JsonEncoder },
} as const;

/** Most different messages of a receiver that become warnings. */
const MOST_WARNINGS = 100;

const compress = promisify(gzip);

export const createBackend: CreateBackend = (context) => new OtlpBackend(context);

/** Posts snapshots to an OTLP receiver. */
export class OtlpBackend implements StorageBackend {
  private readonly options: OtlpBackendOptions;
  private readonly ledger: Ledger;
  private readonly warned = new Set<string>();
  private client: HttpClient | undefined;

  constructor(private readonly context: BackendContext) {
    this.options = context.options as OtlpBackendOptions;
    this.ledger = new Ledger(this.options.ledger);
  }

  /**
   * Sends the part of this snapshot that the receiver has not accepted yet. If it refuses one for its content, the
   * other requests are still sent; the first such refusal is thrown at the end.
   */
  async store(snapshot: Snapshot, { signal, previous }: Attempt): Promise<void> {
    const { ledger } = this;
    let refusal: Refusal | undefined;
    if (!ledger.hasAll(snapshot))
      for (const request of this.requests(snapshot, previous)) {
        const refused = await this.send(request, signal);
        if (refused === undefined) request.enter(ledger, snapshot);
        else if (refused.others) refusal ??= refused;
        else throw refused.failure;
      }
    if (refusal !== undefined) throw refusal.failure;
    ledger.tookAll(snapshot);
  }

  async close(): Promise<void> {
    await this.client?.close();
  }

  private requests(snapshot: Snapshot, previous: Snapshot | undefined): Iterable<OtlpRequest> {
    const { ledger, options } = this;
    const temporality = options.temporality === 'delta' ? TEMPORALITY.DELTA : TEMPORALITY.CUMULATIVE;
    return requestsOf(snapshot, previous, new PointCursor(snapshot, previous, ledger, temporality), {
      ledger,
      temporality,
      most: options.maxSeriesPerRequest,
      encoder: () => new ENCODINGS[options.encoding].Encoder(options),
    });
  }

  private async send(request: OtlpRequest, signal: AbortSignal): Promise<Refusal | undefined> {
    const { url, compression, encoding } = this.options;
    const { contentType } = ENCODINGS[encoding];
    const plain = request.body();
    const headers: Record<string, string> = { 'content-type': contentType };
    if (compression === 'gzip') headers['content-encoding'] = 'gzip';
    const body = compression === 'gzip' ? await compress(plain) : plain;
    this.client ??= new HttpClient(this.options.http);
    try {
      const answer = await this.client.send({ method: 'POST', url, headers, body, signal });
      this.warn(partialSuccessOf(answer, contentType), request.size);
    } catch (error) {
      return refusalOf(error);
    }
    return undefined;
  }

  /** Rejected points are lost: the specification forbids sending them again. Warns only once per message. */
  private warn(answer: PartialSuccess | undefined, size: number): void {
    if (answer === undefined || this.warned.has(answer.message) || this.warned.size >= MOST_WARNINGS) return;
    this.warned.add(answer.message);
    const { rejected = 'an unknown number', message } = answer;
    warn(
      'RINGMETER_STORAGE_FAILED',
      `storage ${this.context.name}: ${this.options.url} rejected ${rejected} of ${size} data points: ${message}`,
    );
  }
}
