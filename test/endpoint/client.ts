import { once } from 'node:events';
import { type Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { type CollectorOptions, type Endpoint, MetricsCollector } from 'ringmeter';
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
}

/** A collector whose endpoint listens on a free port; both end with the test. */
export async function serving(
  t: Test,
  options?: CollectorOptions,
): Promise<{ collector: MetricsCollector; endpoint: Endpoint }> {
  const collector = new MetricsCollector({ flushInterval: 0, storage: [], maxMemory: 64 * 2 ** 20, ...options });
  t.teardown(() => collector.close());
  return { collector, endpoint: await collector.listen({ port: 0 }) };
}

/** The answer to one request, which is on a connection of its own unless there is an agent. */
export async function fetchFrom(url: string, wish: Wish = {}): Promise<Answer> {
  const response = await begin(url, wish);
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part);
  return { status: response.statusCode!, headers: response.headers, body: Buffer.concat(parts) };
}

/** The same, without reading the body. */
export function begin(url: string, { method = 'GET', headers = {}, body, agent }: Wish = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request(url, { method, headers, agent: agent ?? false }, resolve)
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
  async until(pattern: RegExp, deadline = 5_000): Promise<void> {
    await within(deadline, `${pattern} in ${JSON.stringify(this.received.slice(0, 300))}`, () =>
      pattern.test(this.received),
    );
  }

  async untilClosed(deadline = 5_000): Promise<void> {
    await within(deadline, 'the connection is closed', () => this.closed);
  }
}

async function within(deadline: number, what: string, holds: () => boolean): Promise<void> {
  const end = performance.now() + deadline;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`not within ${deadline} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
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
