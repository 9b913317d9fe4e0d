/**
 * An HTTP service that can say how many requests it answers, how long they take, how many there are at the moment, how
 * large they are and what goes wrong.
 *
 *     npm run example:http              service on 8080 (or SERVICE_PORT), metrics on 9464 (or PORT)
 *     npm run example:http -- --once    sends itself requests for some seconds, shows a scrape, ends
 */
import { once as event } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { exponentialBuckets, MetricsCollector } from 'ringmeter';
import { aborted, metricsPort, once, printScrape, stopSignal } from './support/lifecycle';

const collector = new MetricsCollector();

const requests = collector.counter('http_requests_total', {
  description: 'Requests answered',
  labelNames: ['method', 'route', 'status'] as const,
});
const duration = collector.histogram('http_request_duration_seconds', {
  description: 'Time from the request to the end of its answer',
  unit: 'seconds',
  labelNames: ['route'] as const,
  buckets: exponentialBuckets(0.00025, 2, 14),
});
const inFlight = collector.gauge('http_requests_in_flight', { description: 'Requests being answered now' });
const requestSize = collector.summary('http_request_size_bytes', {
  description: 'Body bytes of the requests of the last minute',
  unit: 'bytes',
  maxAge: 60,
});
const errors = collector.counter('http_errors_total', {
  description: 'Handlers that failed',
  labelNames: ['route'] as const,
});

interface Answer {
  status: number;
  body: unknown;
}
type Handler = (request: IncomingMessage, url: URL) => Answer | Promise<Answer>;

const routes: Record<string, Handler> = {
  'GET /': () => ({ status: 200, body: { hello: 'world' } }),
  'GET /healthz': () => ({ status: 200, body: 'alive' }),
  'GET /items': async () => {
    await pause(1 + Math.random() * 4); // what a database would take
    return { status: 200, body: ['book', 'pen', 'lamp'] };
  },
  'POST /orders': async (request) => {
    const order = await text(request);
    requestSize.observe(Buffer.byteLength(order));
    return { status: 201, body: { accepted: JSON.parse(order) } };
  },
  'GET /broken': () => {
    throw new Error('this handler always fails');
  },
  // Synchronous work in a handler: while it runs, this service answers nobody. Its metrics are still served.
  'GET /report': (_request, url) => {
    const began = Date.now();
    const milliseconds = Math.min(Number(url.searchParams.get('ms') ?? 1_000), 10_000);
    const end = performance.now() + milliseconds;
    while (performance.now() < end);
    return { status: 200, body: { began, ended: Date.now() } };
  },
};

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const path = `${request.method} ${url.pathname}`;
  // The label is the route, never the path: whoever scans for paths must not create a series with each.
  const known = Object.hasOwn(routes, path);
  const route = known ? url.pathname : 'none';

  inFlight.increment();
  const stop = duration.startTimer({ route });
  // 'close' comes once for every response: also for one whose client went away
  response.once('close', () => {
    stop();
    inFlight.decrement();
    requests.increment(1, { method: request.method ?? 'GET', route, status: response.statusCode });
  });

  const answer = known ? await attempt(routes[path], request, url, route) : { status: 404, body: 'no such route' };
  response.writeHead(answer.status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(answer.body));
}

async function attempt(handler: Handler, request: IncomingMessage, url: URL, route: string): Promise<Answer> {
  try {
    return await handler(request, url);
  } catch (error) {
    errors.increment(1, { route });
    return { status: 500, body: error instanceof Error ? error.message : 'failed' };
  }
}

/** Starts the service and its metrics endpoint. */
export async function start(ports: { service: number; metrics: number }): Promise<{
  serviceUrl: string;
  metricsUrl: string;
  stop: () => Promise<void>;
}> {
  const server = createServer((request, response) => void handle(request, response));
  server.listen(ports.service, '127.0.0.1');
  await event(server, 'listening');
  const endpoint = await collector.listen({ port: ports.metrics });
  return {
    serviceUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    metricsUrl: endpoint.url,
    stop: () => end(server),
  };
}

async function end(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await collector.close();
}

async function main(): Promise<void> {
  const stopping = stopSignal();
  const { serviceUrl, metricsUrl, stop } = await start({
    service: Number(process.env.SERVICE_PORT ?? 8080),
    metrics: metricsPort,
  });
  console.log(`service  ${serviceUrl}/  (also /items, POST /orders, /broken, /report?ms=2000)`);
  console.log(`metrics  ${metricsUrl}`);
  if (once) await playClients(serviceUrl, stopping);
  await aborted(stopping);

  const { count, p50, p99 } = requestSize.getStatistics();
  console.log(`orders   ${count} of the last minute, ${p50.toFixed(0)} bytes at the median, ${p99.toFixed(0)} at p99`);
  if (once) await printScrape(metricsUrl, ['http_requests_total', 'http_errors_total', 'http_request_size_bytes']);
  await stop();
}

/** Some clients that ask for everything in turn. */
async function playClients(serviceUrl: string, stopping: AbortSignal): Promise<void> {
  const client = async (): Promise<void> => {
    for (let turn = 0; !stopping.aborted; turn++) {
      const order = JSON.stringify({ item: 'book', note: 'x'.repeat(turn % 200) });
      for (const path of ['/', '/items', '/broken', '/no-such-page'])
        await (await fetch(`${serviceUrl}${path}`)).arrayBuffer();
      await (await fetch(`${serviceUrl}/orders`, { method: 'POST', body: order })).arrayBuffer();
      await pause(5);
    }
  };
  await Promise.all(Array.from({ length: 4 }, client));
}

if (require.main === module) void main();
