import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { instrumentServer, instrumentUndici } from 'ringmeter';
import { test } from 'tap';
import { Agent, interceptors, fetch as undiciFetch } from 'undici';
import { collectorFor } from '../instruments/support';
import { listening, Raw, shown, shownAfter, until } from './support';

const SIZE = 'http_response_size_bytes_sum';

test('informational responses are no part of a body', async (t) => {
  const collector = collectorFor(t);
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    if (request.url === '/hints') response.writeEarlyHints({ link: '</a.css>; rel=preload' });
    if (request.url === '/processing') response.writeProcessing();
    response.end('0123456789');
  };
  const server = createServer(answer);
  const own = createServer(answer);
  own.on('checkContinue', (request, response) => {
    response.writeContinue();
    answer(request, response);
  });
  for (const one of [server, own]) {
    instrumentServer(one, { collector, route: ({ url }) => url });
    const raw = await Raw.open(t, await listening(t, one));
    // all at once: those after the first wait for their turn
    for (const path of ['/plain', '/hints', '/processing', '/hints']) raw.send([`GET ${path} HTTP/1.1`]);
    raw.send(['POST /continue HTTP/1.1', 'Expect: 100-continue', 'Content-Length: 1'], 'x');
    raw.send(['POST /continue HTTP/1.1', 'Expect: 100-continue', 'Content-Length: 1'], 'x');
    await until(() => raw.received.split('0123456789').length === 7);
  }
  t.same(await shownAfter(collector, 12, SIZE), {
    'method=GET,route=/plain': 20,
    'method=GET,route=/hints': 40,
    'method=GET,route=/processing': 20,
    'method=POST,route=/continue': 40,
  });
});

test('a client that hangs up during a large body is aborted, however it was sent', async (t) => {
  const collector = collectorFor(t);
  const server = createServer((request, response) => {
    if (request.url === '/write') response.write(Buffer.alloc(30e6));
    response.end(Buffer.alloc(30e6));
  });
  instrumentServer(server, { collector, route: ({ url }) => url });
  const port = await listening(t, server);
  for (const path of ['/end', '/write'])
    for (const how of ['destroy', 'resetAndDestroy'] as const) {
      const raw = await Raw.open(t, port);
      raw.socket.pause();
      raw.send([`GET ${path} HTTP/1.1`]);
      await once(server, 'request');
      raw.socket[how]();
    }
  t.same(await shownAfter(collector, 4), {
    'method=GET,route=/end,status=499': 2,
    'method=GET,route=/write,status=499': 2,
  });
  t.same(await shown(collector, SIZE), {});
});

test('the status is the one that was sent, whatever is assigned afterwards', async (t) => {
  const collector = collectorFor(t);
  const server = createServer((_request, response) => {
    response.writeHead(201);
    response.write('x');
    response.statusCode = 500;
    response.end();
  });
  instrumentServer(server, { collector });
  const port = await listening(t, server);
  await (await fetch(`http://127.0.0.1:${port}`)).text();
  t.same(await shownAfter(collector, 1), { 'method=GET,route=__unmatched__,status=201': 1 });
});

test('an upload that breaks off has no size', async (t) => {
  const collector = collectorFor(t);
  const server = createServer(() => {});
  instrumentServer(server, { collector });
  const raw = await Raw.open(t, await listening(t, server));
  raw.send(['POST / HTTP/1.1', 'Content-Length: 1000000'], 'x');
  await once(server, 'request');
  raw.socket.resetAndDestroy();
  t.same(await shownAfter(collector, 1), { 'method=POST,route=__unmatched__,status=499': 1 });
  t.same(await shown(collector, 'http_request_size_bytes_sum'), {});
});

test('behind the dns interceptor of undici the host is still a name', async (t) => {
  const collector = collectorFor(t);
  t.teardown(instrumentUndici({ collector }));
  const port = await listening(
    t,
    createServer((_request, response) => void response.end('x')),
  );
  const dispatcher = new Agent().compose(interceptors.dns({ affinity: 4, dualStack: false }));
  t.teardown(() => dispatcher.close());
  await (await undiciFetch(`http://localhost:${port}`, { dispatcher })).text();
  const total = async () => (await collector.getAllMetrics()).find(({ name }) => name === 'http_client_requests_total');
  await until(async () => (await total()) !== undefined);
  t.equal((await total())?.labels.host, `localhost:${port}`);
});
