import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import autocannon from 'autocannon';
import fastify from 'fastify';
import { expressMetrics, fastifyMetrics, instrumentServer, type MetricsCollector } from 'ringmeter';
import { type Test, test } from 'tap';
import { collectorFor } from '../instruments/support';
import { listening, Raw, shown, shownAfter, sum, until } from './support';

/** How many clients hang up while the load goes on, in each of the two ways. */
const HANG_UPS = 20;

/** Opens a server that has `/items/:id`, `/broken` (500) and `/never` (writes, but never ends), and nothing else. */
type Open = (t: Test, collector: MetricsCollector) => Promise<number>;

const never = (response: ServerResponse): void => void response.writeHead(200).write('half');

const servers: Record<string, Open> = {
  async fastify(t, collector) {
    const app = fastify({ forceCloseConnections: true });
    app.register(fastifyMetrics, { collector });
    app.get('/items/:id', async ({ params }) => params);
    app.get('/broken', async (_request, reply) => reply.code(500).send('broken'));
    app.get('/never', (_request, reply) => never(reply.hijack().raw));
    app.post('/upload', async () => 'uploaded');
    await app.listen({ port: 0, host: '127.0.0.1' });
    t.teardown(() => app.close());
    return (app.addresses()[0] as AddressInfo).port;
  },
  async express(t, collector) {
    const app = require('express')();
    app.use(expressMetrics({ collector }));
    const items = require('express').Router();
    items.get('/:id', (request: { params: object }, response: ServerResponse) =>
      response.end(JSON.stringify(request.params)),
    );
    app.use('/items', items);
    app.get('/broken', (_request: IncomingMessage, response: ServerResponse) => response.writeHead(500).end('broken'));
    app.get('/never', (_request: IncomingMessage, response: ServerResponse) => never(response));
    app.post('/upload', (request: IncomingMessage, response: ServerResponse) => {
      request.resume().once('end', () => response.end('uploaded'));
    });
    return listening(t, createServer(app));
  },
  async 'node:http'(t, collector) {
    const routeOf = ({ url = '' }: IncomingMessage) =>
      url.startsWith('/items/') ? '/items/:id' : ['/broken', '/never', '/upload'].includes(url) ? url : undefined;
    const server = createServer((request, response) => {
      const route = routeOf(request);
      if (route === '/never') never(response);
      else if (route === '/upload') request.resume().once('end', () => response.end('uploaded'));
      else response.writeHead(route === undefined ? 404 : route === '/broken' ? 500 : 200).end('done');
    });
    instrumentServer(server, { collector, route: routeOf });
    return listening(t, server);
  },
};

for (const [name, open] of Object.entries(servers))
  test(`${name}: under load, the counts are those of the load generator, and those of clients that hung up`, async (t) => {
    const collector = collectorFor(t);
    const port = await open(t, collector);
    const [load] = await Promise.all([
      autocannon({
        url: `http://127.0.0.1:${port}`,
        connections: 20,
        amount: 4_000,
        requests: [{ path: '/items/1' }, { path: '/items/2' }, { path: '/broken' }, { path: '/no/such/page' }],
      }),
      hangUps(t, port),
    ]);
    t.equal(load.requests.total, 4_000);
    t.equal(load.errors, 0);
    const counts = await shownAfter(collector, 4_000 + 2 * HANG_UPS);
    t.same(counts, {
      'method=GET,route=/items/:id,status=200': load['2xx'],
      'method=GET,route=/broken,status=500': load['5xx'],
      'method=GET,route=__unmatched__,status=404': load['4xx'],
      'method=GET,route=/never,status=499': HANG_UPS,
      'method=POST,route=/upload,status=499': HANG_UPS,
    });
    t.equal(sum(await shown(collector, 'http_request_duration_seconds_count')), 4_000 + 2 * HANG_UPS);
    t.same(await shown(collector, 'http_request_errors_total'), { 'method=GET,route=/broken': load['5xx'] });
    t.equal(sum(await shown(collector, 'http_response_size_bytes_count')), 4_000);
  });

/** Clients that hang up in the middle of a response, and in the middle of a request. */
async function hangUps(t: Test, port: number): Promise<void> {
  for (let n = 0; n < HANG_UPS; n++) {
    const reader = await Raw.open(t, port);
    reader.send(['GET /never HTTP/1.1']);
    await reader.receives(/half/);
    reader.socket.resetAndDestroy();
    const writer = await Raw.open(t, port);
    writer.send(['POST /upload HTTP/1.1', 'Content-Type: text/plain', 'Content-Length: 100', 'Expect: 100-continue']);
    // the server has seen its head
    await writer.receives(/100 Continue/);
    writer.socket.write('not all of it');
    await until(() => writer.socket.writableLength === 0);
    writer.socket.destroy();
  }
}
