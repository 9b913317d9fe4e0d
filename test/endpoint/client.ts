import { once } from 'node:events';
import { type Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { type RequestOptions, request as requestSecurely } from 'node:https';
import { connect, type Socket } from 'node:net';
import { type CollectorOptions, type Endpoint, type ListenOptions, MetricsCollector } from 'ringmeter';
import type { Test } from 'tap';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export interface Wish {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  agent?: Agent;
  /** What an https request is made with. */
  tls?: Pick<RequestOptions, 'ca' | 'cert' | 'key' | 'maxVersion'>;
}

/** A collector whose endpoint listens on a free port; both end with the test. */
export async function serving(
  t: Test,
  options?: CollectorOptions,
  listen?: ListenOptions,
): Promise<{ collector: MetricsCollector; endpoint: Endpoint }> {
  const collector = new MetricsCollector({ flushInterval: 0, storage: [], maxMemory: 64 * 2 ** 20, ...options });
  t.teardown(() => collector.close());
  return { collector, endpoint: await collector.listen({ port: 0, ...listen }) };
}

/**
 * Metrics whose text, 60,000 bytes a series, is larger than what a connection's buffers take: its answer runs until the
 * client reads.
 */
export function fill(collector: MetricsCollector, series = 200): void {
  const big = collector.counter('big_total');
  for (let index = 0; index < series; index++) big.increment(1, { index, text: 'x'.repeat(60_000) });
}

/** How long a test waits for anything: it bounds a hang, and says nothing about how fast the machine is. */
export const HANG_MS = 60_000;

/** The text of a request that has no more than it needs. */
export function ask(target = '/metrics', method = 'GET'): string {
  return `${method} ${target} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
}

/** The answer to one request, which is on a connection of its own unless there is an agent. */
export async function fetchFrom(url: string, wish: Wish = {}): Promise<Answer> {
  const response = await begin(url, wish);
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part);
  return { status: response.statusCode!, headers: response.headers, body: Buffer.concat(parts) };
}

/** The same, without reading the body. */
export function begin(
  url: string,
  { method = 'GET', headers = {}, body, agent, tls }: Wish = {},
): Promise<IncomingMessage> {
  const send = url.startsWith('https:') ? requestSecurely : request;
  return new Promise((resolve, reject) => {
    send(url, { method, headers, agent: agent ?? false, ...tls }, resolve)
      .on('error', reject)
      .end(body);
  });
}

/** A connection on which a test writes bytes as it likes. What comes back is kept in `received`. */
export class RawConnection {
  received = '';
  /** Whether the other side has closed it. */
  closed = false;

  private constructor(readonly socket: Socket) {
    socket.on('data', (part) => {
      this.received += part.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.closed = true;
    });
  }

  static async open(t: Test, port: number): Promise<RawConnection> {
    const socket = connect(port, '127.0.0.1');
    t.teardown(() => socket.destroy());
    const connection = new RawConnection(socket);
    await once(socket, 'connect');
    return connection;
  }

  write(text: string): this {
    this.socket.write(text);
    return this;
  }

  /** Waits until the received bytes match. */
  async until(pattern: RegExp, deadline = HANG_MS): Promise<void> {
    const what = () => `${pattern} in ${JSON.stringify(this.received.slice(0, 600))}`;
    await within(deadline, what, () => pattern.test(this.received));
  }

  /** The statuses of the answers that have come. */
  get statuses(): string[] {
    return [...this.received.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
  }

  /** Reads nothing from now on. */
  pause(): this {
    this.socket.pause();
    return this;
  }

  async untilClosed(deadline = HANG_MS): Promise<void> {
    await within(
      deadline,
      () => 'the connection is closed',
      () => this.closed,
    );
  }
}

export async function within(deadline: number, what: () => string, holds: () => boolean): Promise<void> {
  const end = performance.now() + deadline;
  for (;;) {
    const began = performance.now();
    if (holds()) return;
    if (performance.now() > end) throw new Error(`not within ${deadline} ms: ${what()}`);
    // looking at megabytes must not keep the processor busy
    const pause = Math.max(5, 4 * (performance.now() - began));
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/** Milliseconds that something takes; an error if it takes longer than the limit, without waiting for it. */
export async function timed(limit: number, what: Promise<unknown>): Promise<number> {
  const began = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${limit} ms`)), limit);
  });
  try {
    await Promise.race([what, late]);
  } finally {
    clearTimeout(timer);
  }
  return performance.now() - began;
}
