import type { Snapshot } from '../../aggregate/snapshot';
import { StorageFailure } from '../failure';
import { type HttpAnswer, type HttpClient, HttpFailure } from '../http';
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

const UNSUPPORTED_MEDIA_TYPE = 415;

/** Sends requests to one receiver, in the newest version that it takes. */
export class Sender {
  private version: Version;

  constructor(
    private readonly client: HttpClient,
    private readonly url: string,
    private readonly wanted: 'auto' | Version,
  ) {
    this.version = wanted === 'auto' ? 2 : wanted;
  }

  /** @throws StorageFailure */
  async send(batch: readonly OutgoingSeries[], snapshot: Snapshot, signal: AbortSignal): Promise<void> {
    if (this.version === 2) {
      if (await this.isTakenAs2(batch, snapshot, signal)) return;
      if (this.wanted === 2)
        throw new StorageFailure(`the receiver at ${this.url.replace(/\?.*/s, '')} does not take remote write 2.0`, {
          retryable: false,
        });
      this.version = 1;
    }
    await this.post(1, batch, snapshot, signal);
  }

  /**
   * A receiver that knows only 1.0 finds nothing in a request of 2.0 and is content with it. What it does not say is how
   * much it has written.
   */
  private async isTakenAs2(
    batch: readonly OutgoingSeries[],
    snapshot: Snapshot,
    signal: AbortSignal,
  ): Promise<boolean> {
    try {
      const { headers } = await this.post(2, batch, snapshot, signal);
      return headers['x-prometheus-remote-write-samples-written'] !== undefined;
    } catch (error) {
      if (error instanceof HttpFailure && error.answer.status === UNSUPPORTED_MEDIA_TYPE) return false;
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
      signal,
    });
  }
}
