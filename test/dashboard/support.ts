import { type IncomingMessage, request } from 'node:http';
import type { DashboardDocument, Endpoint } from 'ringmeter';
import type { Test } from 'tap';
import { HANG_MS, within } from '../endpoint/client';

interface ServerEvent {
  event: string;
  data: unknown;
}

export function address({ url }: Endpoint, path: string): string {
  return new URL(path, url).href;
}

/** A client of the stream. What comes is kept. */
export class StreamClient {
  readonly events: ServerEvent[] = [];
  comments = 0;
  ended = false;
  private rest = '';

  private constructor(readonly response: IncomingMessage) {
    response.setEncoding('utf8').on('data', (text: string) => this.take(text));
    response.on('error', () => {});
    response.on('close', () => {
      this.ended = true;
    });
  }

  static async open(t: Test, endpoint: Endpoint, headers: Record<string, string> = {}): Promise<StreamClient> {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const asked = request(address(endpoint, '/dashboard/stream'), { headers, agent: false }, resolve);
      asked.on('error', reject).end();
      t.teardown(() => asked.destroy());
    });
    return new StreamClient(response);
  }

  get documents(): DashboardDocument[] {
    return this.of('dashboard') as DashboardDocument[];
  }

  of(name: string): unknown[] {
    return this.events.filter(({ event }) => event === name).map(({ data }) => data);
  }

  /** Waits for so many documents. */
  async until(documents: number): Promise<this> {
    const what = () => `${documents} documents, ${this.documents.length} came`;
    await within(HANG_MS, what, () => this.documents.length >= documents);
    return this;
  }

  private take(text: string): void {
    const blocks = (this.rest + text).split('\n\n');
    this.rest = blocks.pop()!;
    for (const block of blocks) {
      if (block.startsWith(':')) this.comments++;
      const [, event, data] = /event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
      if (event !== undefined) this.events.push({ event, data: JSON.parse(data) });
    }
  }
}
