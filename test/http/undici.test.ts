import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { instrumentUndici, type MetricsCollector, type UndiciMetricsOptions } from 'ringmeter';
import { type Test, test } from 'tap';
import { Client, request, upgrade } from 'undici';
import { collectorFor } from '../instruments/support';
import { listening, shown, sum, until } from './support';

function instrument(t: Test, options: UndiciMetricsOptions = {}): MetricsCollector {
  const collector = collectorFor(t);
  t.teardown(instrumentUndici({ collector, ...options }));
  return collector;
}

async function serve(t: Test, listener: RequestListener): Promise<string> {
  return `127.0.0.1:${await listening(t, createServer(listener))}`;
}

async function ended(collector: MetricsCollector, requests: number): Promise<Record<string, number>> {
  await until(async () => (await shown(collector, 'http_client_requests_in_flight'))[''] === 0);
  const counts = await shown(collector, 'http_client_requests_total');
  if (sum(counts) !== requests) throw new Error(`${sum(counts)} requests instead of ${requests}`);
  return counts;
}

const answer: RequestListener = (request, response) => {
  if (request.url === '/redirect') response.writeHead(302, { location: '/target' }).end();
  else if (request.url === '/hangs') response.write('half');
  else if (request.url === '/cut') response.write('half', () => response.destroy());
  else response.writeHead(request.url === '/broken' ? 503 : 200).end('done');
};

test('requests of the global fetch and of the package are counted by method, host and status', async (t) => {
  const host = await serve(t, answer);
  const collector = instrument(t);
  for (const path of ['/', '/broken', '/redirect']) await (await fetch(`http://${host}${path}`)).text();
  await (await request(`http://${host}/`, { method: 'POST', body: 'x' })).body.text();
  await (await request(`http://${host}/`, { method: 'PROPFIND' })).body.text();
  t.same(await ended(collector, 6), {
    // the redirect is a request, and what it leads to another
    [`host=${host},method=GET,status=200`]: 2,
    [`host=${host},method=GET,status=503`]: 1,
    [`host=${host},method=GET,status=302`]: 1,
    [`host=${host},method=POST,status=200`]: 1,
    [`host=${host},method=OTHER,status=200`]: 1,
  });
  t.same(
    await shown(collector, 'http_client_request_duration_seconds_count'),
    await shown(collector, 'http_client_requests_total'),
  );
});

test('requests that fail are counted by the code of what failed', async (t) => {
  const host = await serve(t, answer);
  const closed = createTcpServer();
  const nobody = `127.0.0.1:${await listening(t, closed)}`;
  closed.close();
  const collector = instrument(t);
  await t.rejects(fetch(`http://${nobody}/`));
  await t.rejects((await fetch(`http://${host}/cut`)).text());
  const hanging = await fetch(`http://${host}/hangs`, { signal: AbortSignal.timeout(50) });
  await t.rejects(hanging.text());
  const controller = new AbortController();
  const aborted = await request(`http://${host}/hangs`, { signal: controller.signal });
  t.same(await shown(collector, 'http_client_requests_in_flight'), { '': 1 });
  controller.abort();
  await t.rejects(aborted.body.text());
  t.same(await ended(collector, 4), {
    [`host=${nobody},method=GET,status=error`]: 1,
    [`host=${host},method=GET,status=error`]: 3,
  });
  t.same(await shown(collector, 'http_client_request_errors_total'), {
    [`code=ECONNREFUSED,host=${nobody},method=GET`]: 1,
    [`code=UND_ERR_SOCKET,host=${host},method=GET`]: 1,
    [`code=TimeoutError,host=${host},method=GET`]: 1,
    [`code=UND_ERR_ABORTED,host=${host},method=GET`]: 1,
  });
});

test('upgrades are counted when they happen', async (t) => {
  const server = createServer();
  server.on('upgrade', (_request, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
  });
  const host = `127.0.0.1:${await listening(t, server)}`;
  const collector = instrument(t);
  const { socket } = await upgrade(`http://${host}/`, { protocol: 'echo' });
  t.same(await ended(collector, 1), { [`host=${host},method=GET,status=101`]: 1 });
  socket.destroy();
});

test('requests that wait for a connection are in flight, and end with their client', async (t) => {
  const server = createServer(answer);
  const host = `127.0.0.1:${await listening(t, server)}`;
  const collector = instrument(t);
  const client = new Client(`http://${host}`, { pipelining: 1 });
  const first = client.request({ path: '/hangs', method: 'GET' }).then(({ body }) => body.text());
  const second = client.request({ path: '/', method: 'GET' });
  await once(server, 'request');
  t.same(await shown(collector, 'http_client_requests_in_flight'), { '': 2 });
  const settled = Promise.allSettled([first, second]);
  await client.destroy();
  await settled;
  t.same(await shown(collector, 'http_client_request_errors_total'), {
    [`code=UND_ERR_DESTROYED,host=${host},method=GET`]: 2,
  });
  t.same(await ended(collector, 2), { [`host=${host},method=GET,status=error`]: 2 });
});

test('hosts beyond the bound share one label', async (t) => {
  const [first, second] = [await serve(t, answer), await serve(t, answer)];
  const limited = instrument(t, { hosts: 1 });
  const listed = instrument(t, { hosts: [second] });
  for (const host of [first, second, second]) await (await fetch(`http://${host}/`)).text();
  t.same(await ended(limited, 3), {
    [`host=${first},method=GET,status=200`]: 1,
    'host=__other__,method=GET,status=200': 2,
  });
  t.same(await ended(listed, 3), {
    [`host=${second},method=GET,status=200`]: 2,
    'host=__other__,method=GET,status=200': 1,
  });
});

test('after stopping, requests that had begun are still recorded, and later ones are not', async (t) => {
  let finish = () => {};
  const host = await serve(t, (request, response) => {
    if (request.url === '/waits') finish = () => response.end('done');
    else response.end('done');
  });
  const collector = collectorFor(t);
  const stop = instrumentUndici({ collector });
  const waiting = fetch(`http://${host}/waits`);
  await until(async () => (await shown(collector, 'http_client_requests_in_flight'))[''] === 1);
  stop();
  await (await fetch(`http://${host}/`)).text();
  finish();
  await (await waiting).text();
  t.same(await ended(collector, 1), { [`host=${host},method=GET,status=200`]: 1 });
});
