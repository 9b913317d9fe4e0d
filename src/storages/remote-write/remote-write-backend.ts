import type { Attempt, BackendContext, CreateBackend, StorageBackend } from '../../delivery/types';
import { HttpClient } from '../../net/http';
import type { HttpOptions } from '../../net/http-options';
import type { Snapshot } from '../../snapshot/snapshot';
import { batchesOf } from './batch';
import type { OutgoingSeries } from './family';
import { pairsOf } from './labels';
import { Outgoing } from './outgoing';
import { Refusals } from './refusals';
import { Sender } from './sender';

/** What `PrometheusStorage` sends to the workers for remote write. */
export interface RemoteWriteBackendOptions {
  url: string;
  version: 'auto' | 1 | 2;
  labels: Readonly<Record<string, string>>;
  maxSamplesPerSend: number;
  http: HttpOptions;
}

/** How much of a snapshot has been sent. */
interface Progress {
  /** Timestamp of the snapshot, and the timestamp that is sent: wall-clock milliseconds. */
  readonly taken: number;
  readonly timestamp: number;
  /** Series that need not be sent again, counted in the order of `Outgoing`. */
  done: number;
  readonly refusals: Refusals;
}

/** Which series a receiver may have, and when it last got them. Without values: all that are registered. */
type Known = Pick<Snapshot, 'timestamp' | 'families' | 'births'> & Partial<Pick<Snapshot, 'values'>>;

/**
 * If the wall clock goes back by at most so many milliseconds, samples are dated after the previous ones: a receiver
 * would refuse them all until the clock has caught up. After a larger step they are sent with the wall-clock time.
 */
const MOST_SHIFT = 60_000;

export const createBackend: CreateBackend = (context) => new RemoteWriteBackend(context);

/**
 * Sends each snapshot as remote write, one request after the other, so that the samples of every series arrive in order.
 * A repeated attempt for a snapshot continues with the request that failed.
 */
class RemoteWriteBackend implements StorageBackend {
  private readonly options: RemoteWriteBackendOptions;
  private readonly outgoing: Outgoing;
  private client: HttpClient | undefined;
  private sender: Sender | undefined;
  private progress: Progress | undefined;
  private known: Known | undefined;

  constructor(private readonly context: BackendContext) {
    const { options, defaultLabels } = context;
    this.options = options as RemoteWriteBackendOptions;
    this.outgoing = new Outgoing({ default: pairsOf(defaultLabels), external: pairsOf(this.options.labels) });
  }

  open(): void {
    const { http, url, version } = this.options;
    this.client = new HttpClient(http);
    this.sender = new Sender(this.client, url, version);
  }

  async store(snapshot: Snapshot, { signal, previous }: Attempt): Promise<void> {
    this.known ??= previous && outline(previous);
    if (this.progress?.taken !== snapshot.timestamp) this.progress = this.begin(snapshot.timestamp);
    const { progress } = this;
    await this.send(this.outgoing.of(snapshot, previous), snapshot, progress, signal);
    this.progress = undefined;
    this.outgoing.markSent(snapshot);
    progress.refusals.report();
  }

  /** Ends all series, so that queries do not show the last values for another five minutes. */
  async close(signal: AbortSignal): Promise<void> {
    try {
      const known = this.known ?? this.anything();
      const progress = this.begin(Date.now());
      await this.send(this.outgoing.ends(known), { ...known, values: new Float64Array() }, progress, signal);
      progress.refusals.report();
    } finally {
      await this.client?.close();
    }
  }

  /** An earlier worker may have stored snapshots: then the receiver may have every registered series. */
  private anything(): Known {
    return { timestamp: 0, families: this.context.families(), births: Number.POSITIVE_INFINITY };
  }

  private async send(
    series: Iterable<OutgoingSeries>,
    snapshot: Snapshot,
    progress: Progress,
    signal: AbortSignal,
  ): Promise<void> {
    const dated = { ...snapshot, timestamp: progress.timestamp };
    for (const batch of batchesOf(series, this.options.maxSamplesPerSend, progress.done)) {
      const end = progress.done + batch.length;
      try {
        await this.sender!.send(batch, dated, signal, (series) => {
          this.known = outline(dated);
          progress.done += series;
        });
      } catch (error) {
        progress.refusals.note(error);
      }
      progress.done = end;
    }
  }

  /** Dates a snapshot after the previous one, even within one millisecond: receivers accept one value per timestamp. */
  private begin(taken: number): Progress {
    const last = this.known?.timestamp ?? 0;
    const timestamp = taken <= last && last - taken < MOST_SHIFT ? last + 1 : taken;
    return { taken, timestamp, done: 0, refusals: new Refusals() };
  }
}

/** The parts of a snapshot that are kept; its values show which series had been removed. */
function outline({ timestamp, families, births, values }: Snapshot): Known {
  return { timestamp, families, births, values: values.length === 0 ? undefined : values };
}
