import { once } from 'node:events';
import { createServer, type RequestListener, type Server, ServerResponse } from 'node:http';
import {
  connect as connectHttp2,
  constants,
  createServer as createHttp2Server,
  type Http2ServerRequest,
} from 'node:http2';
import { type HttpMetricsOptions, instrumentServer, type MetricsCollector } from 'ringmeter';
import { type Test, test } from 'tap';
import { collectorFor } from '../instruments/support';
import { listening, Raw, shown, shownAfter, sum, until } from './support';

interface Instrumented {
  collector: MetricsCollector;
  server: Server;
  port: number;
  url: string;
}

async function serve(t: Test, listener: RequestListener, options: HttpMetricsOptions = {}): Promise<Instrumented> {
  const collector = collectorFor(t);
  const server = createServer(listener);
  instrumentServer(server, { collector, ...options });
  const port = await listening(t, server);
  return { collector, server, port, url: `http://127.0.0.1:${port}` };
}

const ask = async (url: string, init?: RequestInit): Promise<number> => {
  const response = await fetch(url, init);
  await response.arrayBuffer();
  return response.status;
};

test('requests are counted by method, route and status', async (t) => {
  const route = (request: { url?: string }) => (request.url?.startsWith('/items') ? '/items/:id' : undefined);
  const { collector, url } = await serve(
    t,
    (request, response) => {
      response.statusCode = request.url === '/items/broken' ? 500 : request.url === '/x' ? 404 : 200;
      response.end('done');
    },
    { route },
  );
  for (const path of ['/items/1', '/items/2', '/items/broken', '/x']) await ask(url + path);
  await ask(`${url}/items/3`, { method: 'POST', body: 'ten bytes.' });
  await ask(`${url}/items/3`, { method: 'HEAD' });
  await ask(`${url}/items/3`, { method: 'PROPFIND' });
  t.same(await shownAfter(collector, 7), {
    'method=GET,route=/items/:id,status=200': 2,
    'method=GET,route=/items/:id,status=500': 1,
    'method=GET,route=__unmatched__,status=404': 1,
    'method=POST,route=/items/:id,status=200': 1,
    'method=HEAD,route=/items/:id,status=200': 1,
    'method=OTHER,route=/items/:id,status=200': 1,
  });
  t.same(await shown(collector, 'http_request_errors_total'), { 'method=GET,route=/items/:id': 1 });
  t.same(await shown(collector, 'http_request_duration_seconds_count'), await shown(collector, 'http_requests_total'));
  t.same(await shown(collector, 'http_request_size_bytes_sum'), {
    'method=POST,route=/items/:id': 10,
    'method=OTHER,route=/items/:id': 0,
  });
  t.same(await shown(collector, 'http_response_size_bytes_sum'), {
    'method=GET,route=/items/:id': 12,
    'method=GET,route=__unmatched__': 4,
    'method=POST,route=/items/:id': 4,
    'method=HEAD,route=/items/:id': 0,
    'method=OTHER,route=/items/:id': 4,
  });
});

test('10,000 paths of a scanner make one series', async (t) => {
  const { collector, port } = await serve(t, (_request, response) => void response.writeHead(404).end());
  const raw = await Raw.open(t, port);
  for (let n = 0; n < 10_000; n++) raw.send([`GET /${n}/${Math.random()}.php HTTP/1.1`]);
  t.same(await shownAfter(collector, 10_000), { 'method=GET,route=__unmatched__,status=404': 10_000 });
});

test('a client that disconnects before the end of the response is counted once, as aborted', async (t) => {
  const { collector, port, server } = await serve(t, (request, response) => {
    if (request.url === '/half') response.write('half');
    // an answer that comes too late
    response.once('close', () => response.end('late'));
  });
  for (const path of ['/none', '/half']) {
    const raw = await Raw.open(t, port);
    raw.send([`GET ${path} HTTP/1.1`]);
    await once(server, 'request');
    if (path === '/half') await raw.receives(/half/);
    raw.socket.destroy();
  }
  const upload = await Raw.open(t, port);
  upload.send(['POST /upload HTTP/1.1', 'Content-Length: 100'], 'not all');
  await once(server, 'request');
  upload.socket.resetAndDestroy();
  t.same(await shownAfter(collector, 3), {
    'method=GET,route=__unmatched__,status=499': 2,
    'method=POST,route=__unmatched__,status=499': 1,
  });
  t.same(await shown(collector, 'http_response_size_bytes_count'), {}, 'nobody knows what arrived');
});

test('a response that never ends is in flight until its connection ends', async (t) => {
  const { collector, port, server } = await serve(t, () => {});
  const raw = await Raw.open(t, port);
  raw.send(['GET / HTTP/1.1']);
  await once(server, 'request');
  t.same(await shown(collector, 'http_requests_in_flight'), { '': 1 });
  t.same(await shown(collector, 'http_requests_total'), {});
  server.closeAllConnections();
  t.same(await shownAfter(collector, 1), { 'method=GET,route=__unmatched__,status=499': 1 });
});

test('pipelined requests are counted, and their responses measured, each by itself', async (t) => {
  const { collector, port } = await serve(
    t,
    (request, response) => void setTimeout(() => response.end('x'.repeat(Number(request.url?.slice(1)))), 5),
    { route: ({ url }) => url },
  );
  const raw = await Raw.open(t, port);
  for (const size of [10, 2_000, 30]) raw.send([`GET /${size} HTTP/1.1`]);
  t.same(await shownAfter(collector, 3, 'http_response_size_bytes_sum'), {
    'method=GET,route=/10': 10,
    'method=GET,route=/2000': 2_000,
    'method=GET,route=/30': 30,
  });
});

test('pipelined requests that were never answered are counted as aborted', async (t) => {
  let begun = 0;
  const { collector, port } = await serve(t, (request, response) => {
    begun++;
    if (request.url !== '/slow') response.end('waits for its turn');
  });
  const raw = await Raw.open(t, port);
  for (const path of ['/', '/slow', '/', '/']) raw.send([`GET ${path} HTTP/1.1`]);
  await until(() => begun === 4);
  raw.socket.destroy();
  t.same(await shownAfter(collector, 4), {
    'method=GET,route=__unmatched__,status=200': 1,
    'method=GET,route=__unmatched__,status=499': 3,
  });
});

test('informational responses are not counted as responses', async (t) => {
  const { collector, port, server } = await serve(t, (_request, response) => {
    response.writeEarlyHints({ link: '</style.css>; rel=preload' });
    response.end('done');
  });
  const plain = await Raw.open(t, port);
  plain.send(['POST / HTTP/1.1', 'Expect: 100-continue', 'Content-Length: 2'], 'ok');
  await plain.receives(/ 100 Continue[\s\S]* 103 [\s\S]*done/);
  // whoever decides on the 100 by himself gets another event
  server.on('checkContinue', (_request, response) => response.writeHead(417).end());
  const refused = await Raw.open(t, port);
  refused.send(['POST / HTTP/1.1', 'Expect: 100-continue', 'Content-Length: 2']);
  await refused.receives(/ 417 /);
  t.same(await shownAfter(collector, 2), {
    'method=POST,route=__unmatched__,status=200': 1,
    'method=POST,route=__unmatched__,status=417': 1,
  });
});

test('chunked bodies are measured with their framing', async (t) => {
  const { collector, url } = await serve(t, (_request, response) => {
    response.write('12345');
    response.end('67890');
  });
  await ask(url);
  // 5\r\n12345\r\n 5\r\n67890\r\n 0\r\n\r\n
  t.equal(sum(await shownAfter(collector, 1, 'http_response_size_bytes_sum')), 25);
});

test('a request whose handler throws does not stay in flight', async (t) => {
  const { collector, port, server } = await serve(t, () => {});
  server.removeAllListeners('request');
  instrumentServer(server, { collector });
  server.on('request', (_request, response) => {
    void Promise.reject(new Error('thrown')).catch((error: Error) => response.destroy(error));
  });
  const raw = await Raw.open(t, port);
  raw.send(['GET / HTTP/1.1']);
  await once(raw.socket, 'close');
  t.same(await shownAfter(collector, 1), { 'method=GET,route=__unmatched__,status=499': 1 });
});

test('requests can be ignored by path or by a function', async (t) => {
  const answer: RequestListener = (_request, response) => void response.end();
  for (const ignore of [['/healthz'], ({ url }: { url?: string }) => url!.startsWith('/healthz')]) {
    const { collector, url } = await serve(t, answer, { ignore });
    for (const path of ['/healthz', '/healthz?full', '/']) await ask(url + path);
    t.equal(sum(await shownAfter(collector, 1)), 1);
  }
});

test('statuses may be classes, and there may be further labels and another prefix', async (t) => {
  const collector = collectorFor(t);
  const server = createServer((request, response) => void response.writeHead(request.url === '/' ? 204 : 503).end());
  instrumentServer(server, {
    collector,
    prefix: 'shop_',
    statusLabel: 'class',
    sizes: false,
    unmatched: 'none',
    labels: {
      tenant: ({ headers }) => headers['x-tenant'] as string | undefined,
      throws: () => {
        throw new Error('no label');
      },
    },
  });
  const url = `http://127.0.0.1:${await listening(t, server)}`;
  await ask(url, { headers: { 'x-tenant': 'a' } });
  await ask(`${url}/broken`);
  await until(async () => sum(await shown(collector, 'shop_http_requests_total')) === 2);
  t.same(await shown(collector, 'shop_http_requests_total'), {
    'method=GET,route=none,status=2xx,tenant=a': 1,
    'method=GET,route=none,status=5xx': 1,
  });
  t.same(await shown(collector, 'shop_http_request_errors_total'), { 'method=GET,route=none': 1 });
  t.same(await shown(collector, 'shop_http_response_size_bytes_count'), {});
});

test('a server that is instrumented twice counts once, and twice with two prefixes', async (t) => {
  const { collector, server, url } = await serve(t, (_request, response) => void response.end());
  instrumentServer(server, { collector });
  const stop = instrumentServer(server, { collector, prefix: 'other_' });
  await ask(url);
  t.equal(sum(await shownAfter(collector, 1)), 1);
  t.equal(sum(await shown(collector, 'other_http_requests_total')), 1);
  stop();
  await ask(url);
  t.equal(sum(await shownAfter(collector, 2)), 2);
  t.equal(sum(await shown(collector, 'other_http_requests_total')), 1);
  t.same(await shown(collector, 'other_http_requests_in_flight'), { '': 0 });
});

test('stopping leaves no listener behind, and instrumenting adds no listener for events that nobody else listens to', async (t) => {
  const server = createServer();
  server.on('upgrade', () => {});
  const listeners = () => server.eventNames().map((name) => [name, server.listenerCount(name)]);
  const before = listeners();
  const collector = collectorFor(t);
  const stops = ['', 'a_', 'b_', 'c_'].map((prefix) => instrumentServer(server, { collector, prefix }));
  server.on('connect', () => {}).on('request', () => {});
  t.equal(server.listenerCount('connect'), 5);
  t.equal(server.listenerCount('checkContinue'), 0);
  const answer = server.listeners('request').at(-1) as () => void;
  server.removeListener('request', answer);
  server.removeAllListeners('connect');
  await Promise.resolve();
  t.equal(server.listenerCount('request'), 0);
  t.equal(server.listenerCount('connect'), 0);
  for (const stop of stops) stop();
  t.same(listeners(), before);
});

test('an object that only resembles a request is counted without an error', async (t) => {
  const collector = collectorFor(t);
  const server = createServer(() => {});
  instrumentServer(server, { collector });
  const request = { method: 'GET', url: '/', headers: {} };
  const response = new ServerResponse(request as never);
  server.emit('request', request, response);
  response.emit('finish');
  t.same(await shownAfter(collector, 1), { 'method=GET,route=__unmatched__,status=200': 1 });
});

test('HTTP/2 requests are counted through the compatibility API, reset streams as aborted', async (t) => {
  const collector = collectorFor(t);
  const server = createHttp2Server((request, response) => {
    if (request.url === '/hangs') response.write('half');
    else response.writeHead(201, { 'content-length': 4 }).end('done');
  });
  instrumentServer<Http2ServerRequest>(server, { collector, route: ({ url }) => url });
  const client = connectHttp2(`http://127.0.0.1:${await listening(t, server)}`);
  t.teardown(() => client.destroy());
  const done = client.request({ ':path': '/done', ':method': 'POST', 'content-length': 5 });
  done.end('12345').resume();
  await once(done, 'close');
  const head = client.request({ ':path': '/done', ':method': 'HEAD' });
  await once(head.resume(), 'close');
  const hangs = client.request({ ':path': '/hangs' });
  await once(hangs.resume(), 'data');
  hangs.close(constants.NGHTTP2_CANCEL);
  const lost = client.request({ ':path': '/hangs' });
  await once(lost.resume(), 'data');
  lost.on('error', () => {});
  client.destroy();
  t.same(await shownAfter(collector, 4), {
    'method=POST,route=/done,status=201': 1,
    'method=HEAD,route=/done,status=201': 1,
    'method=GET,route=/hangs,status=499': 2,
  });
  t.same(await shown(collector, 'http_request_size_bytes_sum'), { 'method=POST,route=/done': 5 });
  t.same(await shown(collector, 'http_response_size_bytes_sum'), {
    'method=POST,route=/done': 4,
    'method=HEAD,route=/done': 0,
  });
});

test('unlimited routes are bounded by the cardinality limit, and a route that is not a valid label loses only its own record', async (t) => {
  const collector = collectorFor(t, { cardinalityLimit: 5 });
  const server = createServer((_request, response) => void response.end());
  instrumentServer(server, { collector, route: ({ url }) => (url === '/long' ? 'x'.repeat(70_000) : url) });
  const url = `http://127.0.0.1:${await listening(t, server)}`;
  t.equal(await ask(`${url}/long`), 200);
  for (let n = 0; n < 20; n++) await ask(`${url}/${n}`);
  const counts = await shownAfter(collector, 20);
  t.equal(Object.keys(counts).length, 6);
  t.equal(counts['ringmeter_overflow=true'], 15);
});
