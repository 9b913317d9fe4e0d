import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type ClientHttp2Session, connect, createServer as createHttp2Server } from 'node:http2';
import { instrumentServer, instrumentUndici } from 'ringmeter';
import { test } from 'tap';
import { Agent, interceptors, fetch as undiciFetch } from 'undici';
import { collectorFor } from '../instruments/support';
import { listening, Raw, shown, shownAfter, until } from './support';

const SIZE = 'http_response_size_bytes_sum';

test('informational responses do not count as part of the body', async (t) => {
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

test('an aborted upload has no size', async (t) => {
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

test('with the dns interceptor of undici, the host label is still the host name', async (t) => {
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

/** Answers that have no body, or more than a body, by their paths. */
const answers: Record<string, (response: ServerResponse) => void> = {
  '/length': (response) => response.writeHead(200, { 'Content-Length': 10 }).end('0123456789'),
  '/chunked': (response) => {
    response.write('01234');
    response.end('56789');
  },
  '/204': (response) => response.writeHead(204).end(),
  '/304': (response) => response.writeHead(304, { 'Content-Length': 10 }).end(),
  '/trailers': (response) => {
    // node refuses to announce what an answer to HEAD cannot have
    if (response.req.method !== 'HEAD') response.setHeader('Trailer', 'x-sum');
    response.write('0123456789');
    response.addTrailers({ 'x-sum': 'y' });
    response.end();
  },
  '/empty': (response) => response.end(),
};

/** `5\r\n01234\r\n` and so on; the last chunk is `0\r\n`, then come trailers and an empty line. */
const framed = (chunks: readonly string[], trailers = ''): number =>
  [...chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`), `0\r\n${trailers}\r\n`].join('').length;

test('answers to HEAD, 204 and 304 have no body; chunks and trailers count as they are sent', async (t) => {
  const collector = collectorFor(t);
  const server = createServer((request, response) => answers[request.url!](response));
  instrumentServer(server, { collector, route: ({ url }) => url });
  const raw = await Raw.open(t, await listening(t, server));
  // on one connection, so that each one's size begins where the last one's ended
  let count = 0;
  for (const method of ['GET', 'HEAD'])
    for (const path of Object.keys(answers)) {
      raw.send([`${method} ${path} HTTP/1.1`]);
      count++;
    }
  const sizes = await shownAfter(collector, count, SIZE);
  const expected: Record<string, number> = {
    '/length': 10,
    '/chunked': framed(['01234', '56789']),
    '/204': 0,
    '/304': 0,
    '/trailers': framed(['0123456789'], 'x-sum: y\r\n'),
    '/empty': 0,
  };
  for (const [path, size] of Object.entries(expected)) {
    t.equal(sizes[`method=GET,route=${path}`], size, path);
    t.equal(sizes[`method=HEAD,route=${path}`], 0, `HEAD ${path}`);
  }
  const requests = await shown(collector, 'http_requests_total');
  t.equal(requests['method=GET,route=/304,status=304'], 1);
  t.equal(requests['method=HEAD,route=/204,status=204'], 1);
});

test('over HTTP/2 the size is the declared length: 0 for HEAD, 204 and 304, unknown without one', async (t) => {
  const collector = collectorFor(t);
  const server = createHttp2Server((request, response) => answers[request.url](response as unknown as ServerResponse));
  instrumentServer(server, { collector, route: ({ url }) => url });
  const session = connect(`http://127.0.0.1:${await listening(t, server)}`);
  t.teardown(() => session.close());
  const paths = Object.keys(answers);
  for (const method of ['GET', 'HEAD']) for (const path of paths) await ended(session, method, path);
  const sizes = await shownAfter(collector, 2 * paths.length, SIZE);
  t.equal(sizes['method=GET,route=/length'], 10);
  for (const path of paths) t.equal(sizes[`method=HEAD,route=${path}`], 0, `HEAD ${path}`);
  for (const path of ['/204', '/304']) t.equal(sizes[`method=GET,route=${path}`], 0, path);
  for (const path of ['/chunked', '/trailers']) t.equal(sizes[`method=GET,route=${path}`], undefined, path);
  const requests = await shown(collector, 'http_requests_total');
  for (const status of [204, 304]) t.equal(requests[`method=GET,route=/${status},status=${status}`], 1);
});

async function ended(session: ClientHttp2Session, method: string, path: string): Promise<void> {
  const stream = session.request({ ':method': method, ':path': path });
  stream.resume();
  await once(stream, 'close');
}
