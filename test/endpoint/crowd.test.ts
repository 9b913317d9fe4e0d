import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { type Test, test } from 'tap';
import { Connections } from '../../dist/src/endpoint/connections.js';
import { ask, fetchFrom, fill, RawConnection, serving, timed, within } from './client';

/** How many connections an endpoint has at most. */
const MOST_CONNECTIONS = 256;
/** An answer of which nothing is read for a second loses its place if others need it. */
const PLACE_MS = 1_000;
/** What a scrape may take among hostile clients, on a machine that does other things too. */
const SCRAPE_LIMIT_MS = 5_000;
/** Series of 60,000 bytes each: only four of such texts may be on their way at a time. */
const LARGE = 400;

function openMany(t: Test, port: number, count: number): Promise<RawConnection[]> {
  return Promise.all(Array.from({ length: count }, () => RawConnection.open(t, port)));
}

/** Many that the endpoint has heard of: on its own thread it sees what they write next in one turn of the loop. */
async function openKnown(t: Test, port: number, count: number): Promise<RawConnection[]> {
  const clients = await openMany(t, port, count);
  for (const client of clients) client.write(ask('/-/healthy'));
  await Promise.all(clients.map((client) => client.until(/OK\n$/)));
  for (const client of clients) client.received = '';
  return clients;
}

for (const flushWorkers of [0, 1]) {
  const mode = `(flushWorkers: ${flushWorkers})`;

  test(`the connection of a client that sends thousands of requests and reads nothing is closed ${mode}`, async (t) => {
    const { collector, endpoint } = await serving(t, { flushWorkers });
    fill(collector);
    const flood = (await RawConnection.open(t, endpoint.port)).pause();
    flood.write(ask().repeat(3_000));
    await timed(SCRAPE_LIMIT_MS, fetchFrom(endpoint.url));
    const { scrapes } = collector.stats();
    t.ok(scrapes <= 2, `${scrapes} scrapes were begun`);
    flood.socket.resume();
    await flood.untilClosed();
    t.notMatch(flood.received, /\r\n\r\n[\s\S]*\r\n\r\n/, 'not a second answer');
  });

  test(`requests wait until the answers before theirs have been read ${mode}`, async (t) => {
    const { collector, endpoint } = await serving(t, { flushWorkers });
    fill(collector);
    const client = (await RawConnection.open(t, endpoint.port)).pause();
    client.write(ask('/metrics').repeat(2) + ask('/-/healthy').repeat(2) + ask('/-/healthy?last'));
    await within(
      5_000,
      () => 'the first request has come',
      () => collector.stats().scrapes > 0,
    );
    await fetchFrom(endpoint.url);
    t.equal(collector.stats().scrapes, 2, 'nothing has been done for the second');
    client.socket.resume();
    await within(
      10_000,
      () => 'all answers',
      () => client.statuses.length === 5,
    );
    t.same(client.statuses, ['200', '200', '200', '200', '200']);
    t.equal(collector.stats().scrapes, 3);
    t.notOk(client.closed);
  });

  test(`a connection with too many waiting requests is closed ${mode}`, async (t) => {
    const { endpoint } = await serving(t, { flushWorkers });
    const client = await RawConnection.open(t, endpoint.port);
    client.write(ask('/metrics').repeat(6));
    await client.untilClosed();
    t.equal((await fetchFrom(endpoint.url)).status, 200);
  });

  test(`connections of clients that do not read are closed for one that does ${mode}`, async (t) => {
    const { collector, endpoint } = await serving(t, { flushWorkers });
    fill(collector, LARGE);
    const deaf: RawConnection[] = [];
    // one after the other, so that each has a text of its own: only four of that size may be on their way
    for (let count = 1; count <= 4; count++) {
      const { collects } = collector.stats();
      deaf.push((await RawConnection.open(t, endpoint.port)).pause().write(ask()));
      await within(
        5_000,
        () => 'its snapshot',
        () => collector.stats().collects > collects,
      );
    }
    const began = performance.now();
    const { status } = await fetchFrom(endpoint.url);
    const took = performance.now() - began;
    t.equal(status, 200);
    t.ok(took < PLACE_MS + SCRAPE_LIMIT_MS, `after ${took.toFixed(0)} ms`);
    for (const { socket } of deaf) socket.resume();
    await within(
      5_000,
      () => 'some deaf client has been cut off',
      () => deaf.some(({ closed }) => closed),
    );
    t.equal((await fetchFrom(endpoint.url)).status, 200);
  });

  test(`clients that disconnect leave nothing behind ${mode}`, async (t) => {
    const { collector, endpoint } = await serving(t, { flushWorkers });
    fill(collector);
    for (let round = 0; round < 24; round++) {
      const client = await RawConnection.open(t, endpoint.port);
      const gzip = round % 2 === 0 ? 'Accept-Encoding: gzip\r\n' : '';
      client.write(`GET /metrics HTTP/1.1\r\nHost: localhost\r\n${gzip}\r\n`.repeat(1 + (round % 3)));
      // before there is an answer, while it is compressed, while it is sent
      if (round % 8 < 4) await new Promise((resolve) => setTimeout(resolve, round * 2));
      else await client.until(/^HTTP\/1\.1 200 /);
      if (round % 2 === 0) client.socket.resetAndDestroy();
      else client.socket.destroy();
    }
    for (let round = 0; round < 5; round++) {
      // node refuses the second by itself, and closes the connection
      const hostless = await RawConnection.open(t, endpoint.port);
      hostless.write(`${ask('/-/healthy')}GET /metrics HTTP/1.1\r\n\r\n${ask()}`);
      await hostless.untilClosed();
      t.same(hostless.statuses, ['200', '400']);
      // and this it cuts off
      const connecting = await RawConnection.open(t, endpoint.port);
      connecting.write(ask() + ask('x:1', 'CONNECT'));
      await connecting.untilClosed();
    }
    t.equal((await fetchFrom(endpoint.url)).status, 200, 'there is room for a scrape');
    await timed(1_000, endpoint.close());
  });

  test(`many idle clients do not keep a scraper out ${mode}`, async (t) => {
    const { endpoint } = await serving(t, { flushWorkers });
    const first = await RawConnection.open(t, endpoint.port);
    const used = await RawConnection.open(t, endpoint.port);
    const others = await openMany(t, endpoint.port, MOST_CONNECTIONS - 2);
    used.write(ask('/-/healthy'));
    await used.until(/OK\n$/);
    await timed(SCRAPE_LIMIT_MS, fetchFrom(endpoint.url));
    await first.untilClosed();
    t.notOk(used.closed, 'who was idle the longest had to go');
    t.equal(others.filter(({ closed }) => closed).length, 0, 'and nobody else');
    for (let count = 0; count < 2 * MOST_CONNECTIONS; count++) {
      // some have to go as soon as they have come
      const another = connect(endpoint.port, '127.0.0.1').on('error', () => {});
      t.teardown(() => another.destroy());
    }
    await used.untilClosed();
    t.equal((await fetchFrom(endpoint.url)).status, 200);
  });
}

// on the thread of the endpoint all requests are there at once; it must not see to them one by one
test('concurrent scrapes share one rendered text', async (t) => {
  const { collector, endpoint } = await serving(t, { flushWorkers: 0 });
  fill(collector);
  const clients = await openKnown(t, endpoint.port, 30);
  const { collects } = collector.stats();
  for (const client of clients) client.pause().write(ask());
  await within(
    5_000,
    () => 'all requests have come',
    () => collector.stats().scrapes === clients.length,
  );
  const scrape = fetchFrom(endpoint.url);
  const answered = async (client: RawConnection): Promise<void> => {
    client.socket.resume();
    await client.until(/^HTTP\/1\.1 200 /);
    // the rest of its 12 MB would only cost time
    client.socket.destroy();
  };
  await Promise.all(clients.map(answered));
  t.equal((await scrape).status, 200);
  const made = collector.stats().collects - collects;
  t.ok(made <= 4, `${made} snapshots for ${clients.length + 1} scrapes`);
});

test('too many different selections at the same time are refused with 503, and other requests are not', async (t) => {
  const { collector, endpoint } = await serving(t, { flushWorkers: 0 });
  for (let index = 0; index < 40; index++) collector.counter(`c${index}_total`).increment();
  const clients = await openKnown(t, endpoint.port, 40);
  clients.forEach((client, index) => {
    client.write(ask(`/metrics?name[]=c${index}_total`));
  });
  await Promise.all(clients.map((client) => client.until(/^HTTP\/1\.1 (200|503) [\s\S]*\n$/)));
  const refused = clients.filter(({ statuses }) => statuses[0] === '503');
  t.ok(refused.length > 0, `${refused.length} of 40 were refused`);
  t.ok(refused.length <= 24, '16 are taken');
  for (const { received } of refused) t.match(received, /Retry-After: 1\r\n[\s\S]*Busy: too many different selections/);
  const { body } = await fetchFrom(`${endpoint.url}?name[]=c7_total`);
  t.match(body.toString(), /^c7_total 1$/m, 'afterwards all is well');
});

test('when all connections are busy, one that reads nothing is closed; otherwise new ones are refused', async (t) => {
  const server = createServer();
  // answers begin, and no piece of them is ever taken
  new Connections(server, (exchange) => exchange.progress());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.closeAllConnections());
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const busy = await openMany(t, port, MOST_CONNECTIONS);
  let asked = 0;
  server.on('request', () => asked++);
  for (const client of busy) client.write(ask());
  await within(
    5_000,
    () => 'all are busy',
    () => asked === MOST_CONNECTIONS,
  );
  const early = connect(port, '127.0.0.1').on('error', () => {});
  await timed(PLACE_MS, new Promise((resolve) => early.once('close', resolve)));
  t.equal(busy.filter(({ closed }) => closed).length, 0);
  await new Promise((resolve) => setTimeout(resolve, PLACE_MS + 100));
  const late = await RawConnection.open(t, port);
  late.write(ask());
  await within(
    5_000,
    () => 'the newcomer is let in',
    () => asked === MOST_CONNECTIONS + 1,
  );
  await within(
    5_000,
    () => 'one has gone',
    () => busy.filter(({ closed }) => closed).length === 1,
  );
  t.notOk(late.closed);
});
