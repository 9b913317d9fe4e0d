import { StorageFailure } from '../../common/storage-failure';
import { type HttpAnswer, type HttpClient, HttpFailure, withoutQuery } from '../../net/http';
import type { Snapshot } from '../../snapshot/snapshot';
import type { OutgoingSeries } from './family';
import { compress } from './snappy';
import { encodeVersion1 } from './version-1';
import { encodeVersion2 } from './version-2';

type Version = 1 | 2;

/** Source: Prometheus remote write specifications 1.0 and 2.0, "Required headers". */
const VERSIONS = {
  1: { number: '0.1.0', contentType: 'application/x-protobuf', encode: encodeVersion1 },
  2: {
    number: '2.0.0',
    contentType: 'application/x-protobuf;proto=io.prometheus.write.v2.Request',
    encode: encodeVersion2,
  },
} as const;

/**
 * Statuses that may mean that a receiver does not know 2.0: 415 as the specification of 2.0 has it, 400 from receivers of
 * 1.0 that cannot read the request.
 */
const MAY_NOT_KNOW_2 = new Set([400, 415]);
/** A response with any of these headers shows that the receiver supports 2.0. */
const WRITTEN = /^x-prometheus-remote-write-(samples|histograms|exemplars)-written$/;
const TOO_LARGE = 413;

/** Sends requests to one receiver, in the newest version that it supports. */
export class Sender {
  private version: Version;
  /** Whether the receiver has accepted 2.0: from then on, a 400 refers to the content of the request. */
  private takes2 = false;

  constructor(
    private readonly client: HttpClient,
    private readonly url: string,
    private readonly wanted: 'auto' | Version,
  ) {
    this.version = wanted === 'auto' ? 2 : wanted;
  }

  /**
   * Sends a batch. If it is too large for the receiver, halves it until it is accepted or is a single series.
   *
   * @param noted called when series of the batch have been sent, or refused
   * @throws StorageFailure
   */
  async send(
    batch: readonly OutgoingSeries[],
    snapshot: Snapshot,
    signal: AbortSignal,
    noted: (series: number) => void,
  ): Promise<void> {
    try {
      await this.sendWhole(batch, snapshot, signal);
    } catch (error) {
      if (batch.length === 1 || !(error instanceof HttpFailure) || error.answer.status !== TOO_LARGE) throw error;
      const middle = batch.length >> 1;
      await this.send(batch.slice(0, middle), snapshot, signal, noted);
      await this.send(batch.slice(middle), snapshot, signal, noted);
      return;
    }
    noted(batch.length);
  }

  private async sendWhole(batch: readonly OutgoingSeries[], snapshot: Snapshot, signal: AbortSignal): Promise<void> {
    if (this.version === 2) {
      if (await this.isTakenAs2(batch, snapshot, signal)) return;
      if (this.wanted === 2)
        throw new StorageFailure(`the receiver at ${withoutQuery(this.url)} does not accept remote write 2.0`, {
          retryable: false,
        });
      await this.post(1, batch, snapshot, signal);
      this.version = 1;
      return;
    }
    await this.post(1, batch, snapshot, signal);
  }

  /**
   * A 1.0 receiver refuses the request, or ignores the unknown fields and answers 2xx without storing any. The second
   * case shows in the missing headers that count what was written.
   */
  private async isTakenAs2(
    batch: readonly OutgoingSeries[],
    snapshot: Snapshot,
    signal: AbortSignal,
  ): Promise<boolean> {
    try {
      const { headers } = await this.post(2, batch, snapshot, signal);
      this.takes2 = Object.keys(headers).some((name) => WRITTEN.test(name));
      return this.takes2;
    } catch (error) {
      const status = error instanceof HttpFailure ? error.answer.status : 0;
      if (MAY_NOT_KNOW_2.has(status) && (this.wanted === 2 ? status === 415 : !this.takes2 || status === 415))
        return false;
      throw error;
    }
  }

  private post(
    version: Version,
    batch: readonly OutgoingSeries[],
    snapshot: Snapshot,
    signal: AbortSignal,
  ): Promise<HttpAnswer> {
    const { number, contentType, encode } = VERSIONS[version];
    return this.client.send({
      method: 'POST',
      url: this.url,
      headers: {
        'content-type': contentType,
        'content-encoding': 'snappy',
        'x-prometheus-remote-write-version': number,
      },
      body: compress(encode(batch, snapshot)),
      // a receiver stores a sample of the same timestamp and value only once
      idempotent: true,
      signal,
    });
  }
}
