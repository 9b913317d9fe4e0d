import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { InFlightMetric, instrumentServer, instrumentUndici, monitored } from 'ringmeter';
import { type Test, test } from 'tap';
import { connect, WebSocket as UndiciSocket, request as undiciRequest } from 'undici';
import { collectorFor } from '../instruments/support';
import { listening, Raw, shown, until } from './support';

const IN_FLIGHT = 'http_requests_in_flight';
const CLIENT = 'http_client_requests_in_flight';
const HANDSHAKE = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n';

/** Every way in which a request of a server can end. */
const ends: Record<string, (raw: Raw, response: ServerResponse, socket: Socket) => void> = {
  'the response ends': (_raw, response) => void response.end('x'),
  'the client hangs up': (raw) => raw.socket.resetAndDestroy(),
  'the client closes its side': (raw) => void raw.socket.end(),
  'the response is destroyed': (_raw, response) => void response.destroy(),
  'the request is destroyed': (_raw, response) => void response.req.destroy(),
  'the connection is destroyed after the head': (_raw, response, socket) => {
    response.write('x');
    socket.destroy();
  },
  'the connection is taken from the response': (_raw, response, socket) => {
    response.detachSocket(socket);
    socket.end('HTTP/1.1 204 No Content\r\n\r\n');
  },
  'the client sends what is no HTTP': (raw) => void raw.socket.write('\0\0\0\r\n\r\n'),
};

for (const [how, end] of Object.entries(ends))
  test(`no request of a server is in flight when ${how}, before a reset and after`, async (t) => {
    const collector = collectorFor(t);
    for (const resets of [false, true]) {
      const server = createServer();
      instrumentServer(server, { collector });
      const raw = await Raw.open(t, await listening(t, server));
      raw.send(['GET / HTTP/1.1']);
      const [request, response] = (await once(server, 'request')) as [IncomingMessage, ServerResponse];
      t.equal((await shown(collector, IN_FLIGHT))[''], 1);
      if (resets) collector.reset();
      t.equal((await shown(collector, IN_FLIGHT))[''], 1, 'a reset ends no request');
      end(raw, response, request.socket);
      await until(async () => (await shown(collector, IN_FLIGHT))[''] === 0);
    }
  });

test('a request that was in flight when its series were removed leaves no series behind', async (t) => {
  const collector = collectorFor(t);
  const server = createServer();
  instrumentServer(server, { collector });
  const raw = await Raw.open(t, await listening(t, server));
  raw.send(['GET / HTTP/1.1']);
  const [, response] = (await once(server, 'request')) as [IncomingMessage, ServerResponse];
  collector.clear();
  response.end();
  await until(async () => (await shown(collector, IN_FLIGHT))[''] === 0);
  t.same(await shown(collector, IN_FLIGHT), { '': 0 });
});

test('a monitored call in flight stays in flight through a reset', async (t) => {
  const collector = collectorFor(t);
  let finish = (): void => {};
  const call = monitored(() => new Promise<void>((resolve) => (finish = resolve)), {
    inFlightMetric: new InFlightMetric('calls_in_flight'),
    labels: { of: 'a' },
    collector,
  });
  const running = call();
  collector.reset();
  t.same(await shown(collector, 'calls_in_flight'), { 'of=a': 1 });
  finish();
  await running;
  t.same(await shown(collector, 'calls_in_flight'), { 'of=a': 0 });
});

const THREAD = `
  const { parentPort } = require('node:worker_threads');
  const { createServer } = require('node:http');
  const { getMetricsCollector, instrumentServer, monitored, InFlightMetric } = require('ringmeter');
  const collector = getMetricsCollector();
  parentPort.on('message', async (how) => {
    if (how === 'exit') process.exit(0);
    if (how === 'throw') throw new Error('always');
    if (how === 'close') { await collector.close(); server.closeAllConnections(); parentPort.close(); server.close(); }
  });
  monitored(() => new Promise(() => {}), { inFlightMetric: new InFlightMetric('calls_in_flight') })();
  const server = createServer(() => parentPort.postMessage('request'));
  instrumentServer(server);
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

for (const how of ['terminate', 'exit', 'throw', 'close'])
  test(`requests that a thread had in flight are subtracted when the thread ends: ${how}`, async (t: Test) => {
    const collector = collectorFor(t);
    // the next thread gets the shard of the one before
    for (let round = 0; round < 2; round++) {
      const worker = new Worker(THREAD, { eval: true });
      worker.on('error', () => {});
      const [port] = await once(worker, 'message');
      httpRequest({ port, host: '127.0.0.1' })
        .on('error', () => {})
        .end();
      await once(worker, 'message');
      await until(async () => (await shown(collector, IN_FLIGHT))[''] === 1);
      t.same(await shown(collector, 'calls_in_flight'), { '': 1 });
      const exited = new Promise((resolve) => worker.once('exit', resolve));
      if (how === 'terminate') await worker.terminate();
      else worker.postMessage(how);
      await exited;
      await until(async () => (await shown(collector, IN_FLIGHT))[''] === 0);
      t.same(await shown(collector, 'calls_in_flight'), { '': 0 });
    }
  });

/** Every way in which a request of undici can end. */
const calls: Record<string, (url: string, port: number) => Promise<unknown>> = {
  fetch: async (url) => (await fetch(url)).text(),
  'fetch that is aborted': async (url) => fetch(`${url}hang`, { signal: AbortSignal.timeout(20) }).catch(() => {}),
  'a request of the package': async (url) => (await undiciRequest(url)).body.text(),
  'an upgrade': (url) => closed(new UndiciSocket(url.replace('http', 'ws'))),
  'an upgrade that is refused': (url) => closed(new UndiciSocket(`${url.replace('http', 'ws')}refused`)),
  'an upgrade of the global WebSocket': async (url) =>
    typeof WebSocket === 'function' && closed(new WebSocket(url.replace('http', 'ws'))),
  CONNECT: async (url) => (await connect(url, { path: 'x:1' } as never)).socket.destroy(),
};

const closed = (socket: EventTarget): Promise<void> =>
  new Promise((resolve) => {
    for (const event of ['close', 'error']) socket.addEventListener(event, () => resolve(), { once: true });
  });

test('no request of a client is in flight when it has ended, in whichever way', async (t) => {
  const collector = collectorFor(t);
  t.teardown(instrumentUndici({ collector }));
  const server = createServer((request, response) => {
    if (request.url !== '/hang') response.end('x');
  });
  server.on('upgrade', (request, socket) => {
    socket.on('error', () => {});
    if (request.url === '/refused') return socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
    const { createHash } = require('node:crypto') as typeof import('node:crypto');
    const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    socket.write(`${HANDSHAKE}Sec-WebSocket-Accept: ${createHash('sha1').update(key).digest('base64')}\r\n\r\n`);
    return socket.end(Buffer.from([0x88, 0x00]));
  });
  server.on('connect', (_request, socket) => {
    socket.on('error', () => {});
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
  });
  await listening(t, server);
  const { port } = server.address() as AddressInfo;
  for (const [how, call] of Object.entries(calls)) {
    await call(`http://127.0.0.1:${port}/`, port);
    await until(async () => (await shown(collector, CLIENT))[''] === 0);
    t.pass(how);
  }
});
