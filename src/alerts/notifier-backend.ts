import { JSON_TYPE } from '../common/media-type';
import type { Attempt, BackendContext, StorageBackend } from '../delivery/types';
import { HttpClient } from '../net/http';
import type { Snapshot } from '../snapshot/snapshot';
import { fromQueued, type Notification } from './notification';
import type { NotifierBackendOptions } from './notifier';

/** Turns a notification into a request: the URL, and the body to post as JSON. */
export type Compose = (notification: Notification, context: NotifierContext) => { url: string; body: unknown };

export interface NotifierContext extends NotifierBackendOptions {
  readonly name: string;
  /** The collector's default labels, which alerts on aggregates would lack. */
  readonly externalLabels: Readonly<Record<string, string>>;
}

/** Posts notifications, in the thread that delivers them. */
export class NotifierBackend implements StorageBackend {
  private readonly context: NotifierContext;
  private client: HttpClient | undefined;

  constructor(
    { name, options, defaultLabels }: BackendContext,
    private readonly compose: Compose,
  ) {
    this.context = { ...(options as NotifierBackendOptions), name, externalLabels: defaultLabels };
  }

  open(): void {
    this.client = new HttpClient(this.context.http);
  }

  async store(snapshot: Snapshot, { signal }: Attempt): Promise<void> {
    const { url, body } = this.compose(fromQueued(snapshot), this.context);
    await this.client!.send({
      method: 'POST',
      url,
      headers: { 'content-type': JSON_TYPE },
      body: JSON.stringify(body),
      signal,
    });
  }

  async close(): Promise<void> {
    await this.client?.close();
  }
}
