import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Attempt, BackendContext, CreateBackend, StorageBackend } from '../../delivery/types';
import { PROMETHEUS_TEXT } from '../../exposition/prometheus';
import { TextRenderer } from '../../exposition/renderer';
import { HttpClient } from '../../net/http';
import type { HttpOptions } from '../../net/http-options';
import type { Snapshot } from '../../snapshot/snapshot';

/** What `PrometheusStorage` sends to the workers for a Pushgateway. */
export interface PushgatewayBackendOptions {
  url: string;
  job: string;
  grouping: Readonly<Record<string, string>>;
  method: 'PUT' | 'POST';
  deleteOnClose: boolean;
  http: HttpOptions;
}

const compress = promisify(gzip);

export const createBackend: CreateBackend = (context) => new PushgatewayBackend(context);

/** Pushes each snapshot to one group of a Pushgateway. Source: the Pushgateway's README, "API". */
class PushgatewayBackend implements StorageBackend {
  private readonly options: PushgatewayBackendOptions;
  private readonly group: string;
  private readonly renderer: TextRenderer;
  private client: HttpClient | undefined;

  constructor({ options, defaultLabels }: BackendContext) {
    this.options = options as PushgatewayBackendOptions;
    this.group = groupUrl(this.options);
    this.renderer = new TextRenderer(PROMETHEUS_TEXT, defaultLabels);
  }

  open(): void {
    this.client = new HttpClient(this.options.http);
  }

  async store(snapshot: Snapshot, { signal }: Attempt): Promise<void> {
    await this.client!.send({
      method: this.options.method,
      url: this.group,
      headers: { 'content-type': this.renderer.format.contentType, 'content-encoding': 'gzip' },
      body: await compress(this.renderer.render(snapshot)),
      signal,
    });
  }

  async close(signal: AbortSignal): Promise<void> {
    try {
      if (this.options.deleteOnClose) await this.client?.send({ method: 'DELETE', url: this.group, signal });
    } finally {
      await this.client?.close();
    }
  }
}

/** The address of a group. */
export function groupUrl({ url, job, grouping }: PushgatewayBackendOptions): string {
  const target = new URL(url);
  const labels = Object.entries(grouping).map(([name, value]) => segments(name, value));
  target.pathname = [target.pathname.replace(/\/+$/, ''), 'metrics', segments('job', job), ...labels].join('/');
  return target.href;
}

/** A label in a path: base64 for all but plain words, since slashes and dots have a meaning in paths. */
function segments(name: string, value: string): string {
  if (/^[\w-]+$/.test(value)) return `${name}/${value}`;
  // the base64 of an empty value is empty; the Pushgateway takes `=` for it
  return `${name}@base64/${Buffer.from(value).toString('base64url') || '='}`;
}
