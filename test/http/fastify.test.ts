import { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import fastify, { type FastifyInstance } from 'fastify';
import { fastifyMetrics, type MetricsCollector } from 'ringmeter';
import { type Test, test } from 'tap';
import { collectorFor } from '../instruments/support';
import { Raw, shown, shownAfter, until } from './support';

async function open(
  t: Test,
  define: (app: FastifyInstance) => void,
): Promise<{ collector: MetricsCollector; port: number; app: FastifyInstance }> {
  const collector = collectorFor(t);
  const app = fastify({ forceCloseConnections: true });
  app.register(fastifyMetrics, { collector });
  define(app);
  await app.listen({ port: 0, host: '127.0.0.1' });
  t.teardown(() => app.close());
  return { collector, port: (app.addresses()[0] as AddressInfo).port, app };
}

test('routes are patterns, wherever they were defined', async (t) => {
  const { collector, port } = await open(t, (app) => {
    app.get('/items/:id', async () => ({ ok: true }));
    app.register(
      async (inner) => {
        inner.get('/users/:user/orders/:order', async () => 'order');
        inner.post('/echo', async ({ body }) => body);
        inner.get('/broken', async () => {
          throw new Error('always');
        });
      },
      { prefix: '/api' },
    );
  });
  const ask = async (path: string, init?: RequestInit) =>
    (await fetch(`http://127.0.0.1:${port}${path}`, init)).arrayBuffer();
  for (const path of ['/items/1', '/items/2', '/api/users/1/orders/2', '/api/broken', '/nothing', '/api/nothing'])
    await ask(path);
  await ask('/items/3', { method: 'HEAD' });
  await ask('/api/echo', { method: 'POST', body: '{"a":1}', headers: { 'content-type': 'application/json' } });
  await ask('/api/echo', { method: 'POST', body: '{"a"', headers: { 'content-type': 'application/json' } });
  await ask('/items/%zz');
  t.same(await shownAfter(collector, 10), {
    'method=GET,route=/items/:id,status=200': 2,
    'method=HEAD,route=/items/:id,status=200': 1,
    'method=GET,route=/api/users/:user/orders/:order,status=200': 1,
    'method=GET,route=/api/broken,status=500': 1,
    'method=POST,route=/api/echo,status=200': 1,
    'method=POST,route=/api/echo,status=400': 1,
    'method=GET,route=__unmatched__,status=404': 2,
    'method=GET,route=__unmatched__,status=400': 1,
  });
  t.same(await shown(collector, 'http_request_errors_total'), { 'method=GET,route=/api/broken': 1 });
  const { 'method=POST,route=/api/echo': sent } = await shown(collector, 'http_request_size_bytes_sum');
  t.equal(sent, 7 + 4);
  const { 'method=HEAD,route=/items/:id': none } = await shown(collector, 'http_response_size_bytes_sum');
  t.equal(none, 0);
});

test('aborted requests, hijacked ones and upgrades are counted with their routes', async (t) => {
  const { collector, port, app } = await open(t, (app) => {
    app.get('/slow/:id', () => new Promise(() => {}));
    app.get('/chat/:room', (request, reply) => {
      reply.hijack();
      request.raw.socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n');
    });
    app.get('/hijacked', (_request, reply) => {
      reply.hijack();
      reply.raw.end('raw');
    });
  });
  // as plugins for websockets do it, so that hooks and routes are those of fastify
  app.server.on('upgrade', (request, socket) => {
    const response = new ServerResponse(request);
    response.assignSocket(socket as never);
    app.routing(request, response);
    // the server does not know this connection any more, and waits for its end all the same
    socket.resume().once('end', () => socket.end());
  });
  const raw = await Raw.open(t, port);
  raw.send(['GET /hijacked HTTP/1.1']);
  await raw.receives(/raw/);
  raw.send(['GET /slow/1 HTTP/1.1']);
  const upgraded = await Raw.open(t, port);
  upgraded.send(['GET /chat/1 HTTP/1.1', 'Connection: Upgrade', 'Upgrade: websocket']);
  await upgraded.receives(/101/);
  raw.socket.destroy();
  upgraded.socket.destroy();
  t.same(await shownAfter(collector, 3), {
    'method=GET,route=/hijacked,status=200': 1,
    'method=GET,route=/slow/:id,status=499': 1,
    'method=GET,route=/chat/:room,status=101': 1,
  });
});

test('10,000 paths of a scanner make one series', async (t) => {
  const { collector, port } = await open(t, (app) => void app.get('/items/:id', async () => 'item'));
  const raw = await Raw.open(t, port);
  for (let n = 0; n < 10_000; n++) raw.send([`GET /${n}/${Math.random()}.php HTTP/1.1`]);
  t.same(await shownAfter(collector, 10_000), { 'method=GET,route=__unmatched__,status=404': 10_000 });
});

test('injected requests are counted too', async (t) => {
  const { collector, app } = await open(t, (app) => void app.get('/items/:id', async () => 'item'));
  t.equal((await app.inject('/items/1')).body, 'item');
  t.same(await shownAfter(collector, 1), { 'method=GET,route=/items/:id,status=200': 1 });
});

test('the option prefix applies to metrics, not to routes, and registering twice counts once', async (t) => {
  const collector = collectorFor(t);
  const app = fastify();
  t.teardown(() => app.close());
  app.register(fastifyMetrics, { collector, prefix: 'shop_' });
  app.register(fastifyMetrics, { collector, prefix: 'shop_' });
  app.get('/items/:id', async () => 'item');
  t.equal((await app.inject('/items/1')).statusCode, 200);
  await until(async () => Object.keys(await shown(collector, 'shop_http_requests_total')).length > 0);
  t.same(await shown(collector, 'shop_http_requests_total'), { 'method=GET,route=/items/:id,status=200': 1 });
  t.same(await shown(collector, 'shop_http_requests_in_flight'), { '': 0 });
});

test('wrong options fail the registration', async (t) => {
  const app = fastify();
  app.register(fastifyMetrics, { buckets: [2, 1] });
  await t.rejects(async () => app.ready(), { code: 'RINGMETER_INVALID_BUCKETS' });
});
