import { once } from 'node:events';
import { createServer, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { instrumentServer } from 'ringmeter';
import { test } from 'tap';
import { collectorFor } from '../instruments/support';
import { listening, Raw, shown, shownAfter } from './support';

const UPGRADE = ['Connection: Upgrade', 'Upgrade: websocket'];
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';

test('an upgrade is counted when it happens, and its connection is not measured', async (t) => {
  const collector = collectorFor(t);
  const server = createServer();
  instrumentServer(server, { collector, route: ({ url }) => url });
  server.on('upgrade', (_request, socket: Duplex) => {
    socket.write(SWITCH);
    socket.on('data', (data) => socket.write(data)).on('error', () => {});
  });
  const raw = await Raw.open(t, await listening(t, server));
  raw.send(['GET /chat HTTP/1.1', ...UPGRADE]);
  await raw.receives(/101/);
  t.same(await shownAfter(collector, 1), { 'method=GET,route=/chat,status=101': 1 });
  raw.socket.write('HTTP/1.1 500 is only said\r\n');
  await raw.receives(/only said/);
  raw.socket.destroy();
  t.same(await shownAfter(collector, 1), { 'method=GET,route=/chat,status=101': 1 });
  const [seconds] = Object.values(await shown(collector, 'http_request_duration_seconds_sum'));
  t.ok(seconds < 1, 'only the handshake took time');
});

test('upgrades that are refused have the status they were refused with', async (t) => {
  const collector = collectorFor(t);
  const server = createServer();
  instrumentServer(server, { collector });
  server.on('upgrade', (request, socket: Duplex) => {
    if (request.url === '/end') socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n');
    else if (request.url === '/buffer') socket.end(Buffer.from('HTTP/1.1 403 Forbidden\r\n\r\n'));
    else if (request.url === '/response') {
      const response = new ServerResponse(request);
      response.assignSocket(socket as never);
      response.writeHead(404, { connection: 'close' }).end('no such route');
    } else if (request.url === '/odd') socket.end('no HTTP at all');
    else socket.destroy();
  });
  const port = await listening(t, server);
  for (const path of ['/end', '/buffer', '/response', '/odd', '/destroy']) {
    const raw = await Raw.open(t, port);
    raw.send([`GET ${path} HTTP/1.1`, ...UPGRADE]);
    if (path === '/response') await raw.receives(/no such route/);
    else await once(raw.socket, 'close');
    raw.socket.destroy();
  }
  t.same(await shownAfter(collector, 5), {
    'method=GET,route=__unmatched__,status=401': 1,
    'method=GET,route=__unmatched__,status=403': 1,
    'method=GET,route=__unmatched__,status=404': 1,
    'method=GET,route=__unmatched__,status=101': 1,
    'method=GET,route=__unmatched__,status=499': 1,
  });
});

test('an upgrade whose client disconnects before the answer is counted as aborted', async (t) => {
  const collector = collectorFor(t);
  const server = createServer();
  instrumentServer(server, { collector });
  server.on('upgrade', (_request, socket: Duplex) => void socket.on('error', () => {}).resume());
  const raw = await Raw.open(t, await listening(t, server));
  raw.send(['GET / HTTP/1.1', ...UPGRADE]);
  await once(server, 'upgrade');
  raw.socket.resetAndDestroy();
  t.same(await shownAfter(collector, 1), { 'method=GET,route=__unmatched__,status=499': 1 });
});

test('a server that accepts no upgrades answers as without instrumentation', async (t) => {
  const collector = collectorFor(t);
  const server = createServer((_request, response) => void response.end('no upgrade'));
  instrumentServer(server, { collector });
  const raw = await Raw.open(t, await listening(t, server));
  raw.send(['GET / HTTP/1.1', ...UPGRADE]);
  await raw.receives(/ 200 OK[\s\S]*no upgrade/);
  t.same(await shownAfter(collector, 1), { 'method=GET,route=__unmatched__,status=200': 1 });
});

test('CONNECT is counted when it is answered', async (t) => {
  const collector = collectorFor(t);
  const server = createServer();
  instrumentServer(server, { collector });
  server.on('connect', (request, socket: Duplex) => {
    if (request.url === 'silent:1') socket.write('bytes of the tunnel');
    else if (request.url === 'bad:1') socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    else socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
  });
  const port = await listening(t, server);
  for (const target of ['good:1', 'silent:1', 'bad:1']) {
    const raw = await Raw.open(t, port);
    raw.send([`CONNECT ${target} HTTP/1.1`]);
    await raw.receives(/./);
    raw.socket.destroy();
  }
  t.same(await shownAfter(collector, 3), {
    'method=CONNECT,route=__unmatched__,status=200': 2,
    'method=CONNECT,route=__unmatched__,status=502': 1,
  });
});
