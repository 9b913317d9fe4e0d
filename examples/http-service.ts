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
import { exponentialBuckets, instrumentServer, MetricsCollector } from 'ringmeter';
import { aborted, metricsPort, once, printScrape, stopSignal } from './support/lifecycle';

const collector = new MetricsCollector();

const orderSize = collector.summary('order_size_bytes', {
  description: 'Sizes of the orders of the last minute',
  unit: 'bytes',
  maxAge: 60,
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
    orderSize.observe(Buffer.byteLength(order));
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

/** The label is the route, never the path: whoever scans for paths must not create a series with each. */
function routeOf({ method, url = '/' }: IncomingMessage): string | undefined {
  const [path] = url.split('?', 1);
  return Object.hasOwn(routes, `${method} ${path}`) ? path : undefined;
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const route = routeOf(request);
  const { status, body } = route === undefined ? { status: 404, body: 'no such route' } : await attempt(request, route);
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(body));
}

async function attempt(request: IncomingMessage, route: string): Promise<Answer> {
  try {
    return await routes[`${request.method} ${route}`](request, new URL(request.url ?? '/', 'http://localhost'));
  } catch (error) {
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
  // With fastify or express this is one line as well: see docs/http.md.
  instrumentServer(server, { collector, route: routeOf, buckets: exponentialBuckets(0.00025, 2, 14) });
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
  const { serviceUrl, metricsUrl, stop } = await start({
    service: Number(process.env.SERVICE_PORT ?? 8080),
    metrics: metricsPort,
  });
  const stopping = stopSignal();
  console.log(`service  ${serviceUrl}/  (also /items, POST /orders, /broken, /report?ms=2000)`);
  console.log(`metrics  ${metricsUrl}`);
  if (once) await playClients(serviceUrl, stopping);
  await aborted(stopping);

  const { count, p50, p99 } = orderSize.getStatistics();
  console.log(`orders   ${count} of the last minute, ${p50.toFixed(0)} bytes at the median, ${p99.toFixed(0)} at p99`);
  if (once) await printScrape(metricsUrl, ['http_requests_total', 'http_request_errors_total', 'order_size_bytes']);
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
