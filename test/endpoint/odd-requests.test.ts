import { Agent } from 'node:http';
import { test } from 'tap';
import { ask, fetchFrom, fill, RawConnection, serving, timed } from './client';

for (const flushWorkers of [0, 1]) {
  test(`requests that scrapers do not send, with flushWorkers: ${flushWorkers}`, async (t) => {
    const { collector, endpoint } = await serving(t, { flushWorkers });
    collector.counter('jobs_total').increment(3);
    const { port } = endpoint;
    const open = () => RawConnection.open(t, port);

    await t.test('a request with an absolute URL is answered as one with a path', async (t) => {
      for (const url of [`http://127.0.0.1:${port}`, 'http://localhost', 'HTTP://user:pass@[::1]:1']) {
        const client = await open();
        client.write(ask(`${url}/metrics?name[]=jobs_total`));
        await client.until(/^HTTP\/1\.1 200 [\s\S]*jobs_total 3\n$/);
      }
      for (const [target, status] of [
        ['http://localhost', '200'],
        ['http://localhost/nowhere', '404'],
        ['https://localhost/nowhere', '404'],
        ['ftp://x/metrics', '400'],
        ['http://', '400'],
        ['http:/metrics', '400'],
      ]) {
        const client = await open();
        client.write(ask(target));
        await client.until(/^HTTP/);
        t.same(client.statuses, [status], target);
      }
    });

    await t.test('OPTIONS * is answered with the allowed methods', async (t) => {
      const client = await open();
      client.write(ask('*', 'OPTIONS') + ask('*', 'GET'));
      await client.until(/(HTTP[\s\S]*){2}/);
      t.same(client.statuses, ['405', '400']);
      t.match(client.received, /^HTTP\/1\.1 405 [^\n]*\n[\s\S]*Allow: GET, HEAD\r\n[\s\S]*HTTP/);
    });

    await t.test('CONNECT closes the connection, also if the client resets it', async () => {
      for (const reset of [false, true]) {
        const client = await open();
        client.write(ask('x:1', 'CONNECT'));
        if (reset) client.socket.resetAndDestroy();
        else await client.untilClosed();
      }
    });

    await t.test('an upgrade is ignored', async () => {
      const client = await open();
      client.write('GET /-/healthy HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      await client.until(/^HTTP\/1\.1 200 [\s\S]*OK\n$/);
      const h2 = await open();
      h2.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
      await h2.until(/^HTTP\/1\.1 (400|505) /);
      await h2.untilClosed();
    });

    await t.test('requests with an Expect header are answered like others, and in order', async (t) => {
      const client = await open();
      const expecting = (what: string, more = '') =>
        `GET /-/healthy HTTP/1.1\r\nHost: localhost\r\nExpect: ${what}\r\n${more}\r\n`;
      client.write(ask('/-/healthy') + expecting('the-unexpected') + expecting('100-continue'));
      await client.until(/(OK\n[\s\S]*){3}/);
      t.same(client.statuses, ['200', '200', '200'], 'nothing is to be continued');
      const sending = await open();
      sending.write(expecting('100-continue', 'Content-Length: 1000000\r\n'));
      await sending.until(/^HTTP\/1\.1 200 [\s\S]*Connection: close[\s\S]*OK\n$/);
      await sending.untilClosed();
    });

    await t.test('a request with an ambiguous length is refused', async (t) => {
      for (const headers of [
        'Content-Length: 4\r\nTransfer-Encoding: chunked',
        'Content-Length: 4\r\nContent-Length: 5',
        'Transfer-Encoding: chunked, identity',
        'Content-Length: -1',
        'Content-Length : 4',
        'X: y\rz',
      ]) {
        const client = await open();
        client.write(`GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n\r\n${ask('/nowhere')}`);
        await client.until(/^HTTP\/1\.1 400 /);
        await client.untilClosed();
        t.equal(client.statuses.length, 1, headers);
      }
    });

    await t.test('what follows a request with a body is not taken for a request', async (t) => {
      const client = await open();
      const smuggled = ask('/metrics');
      const { scrapes } = collector.stats();
      client.write(
        `GET /-/healthy HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
      );
      await client.untilClosed();
      t.same(client.statuses, ['200']);
      const chunked = await open();
      chunked.write(
        `POST /metrics HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
      );
      await chunked.untilClosed();
      t.same(chunked.statuses, ['405'], 'nor is anything answered after an answer that closes the connection');
      t.equal(collector.stats().scrapes, scrapes, 'or made in vain');
    });

    await t.test('garbage after a request ends the connection', async () => {
      const client = await open();
      client.write(ask('/-/healthy'));
      await client.until(/OK\n$/);
      client.write('\r\n\r\n\u0000\u0001 garbage\r\n\r\n');
      await client.untilClosed();
    });

    await t.test('a request without a host is refused, and ends the connection', async (t) => {
      const client = await open();
      client.write(`${ask('/-/healthy')}GET /metrics HTTP/1.1\r\n\r\n${ask('/metrics')}`);
      await client.untilClosed();
      t.same(client.statuses, ['200', '400']);
    });

    await t.test('a client that half-closes its connection at once does not keep it open', async () => {
      const client = await open();
      client.socket.end(ask('/metrics'));
      await client.untilClosed();
    });

    await t.test('a request for a hundred thousand names is refused, one for a thousand is answered', async (t) => {
      const client = await open();
      const request = ask(`/metrics?${'name[]=a&'.repeat(100_000)}`);
      // more at once would be unread when the server closes: the reset of the connection may then overtake the answer
      client.write(request.slice(0, 20_000));
      await client.until(/^HTTP\/1\.1 431 /);
      client.write(request.slice(20_000));
      await client.untilClosed();
      t.same(client.statuses, ['431']);
      const { status, body } = await fetchFrom(`${endpoint.url}?name[]=jobs_total&${'name[]=a&'.repeat(1_000)}`);
      t.equal(status, 200);
      t.match(body.toString(), /^jobs_total 3$/m);
    });

    await t.test('an endless list of encodings costs little', async (t) => {
      const took = await timed(
        2_000,
        fetchFrom(endpoint.url, { headers: { 'Accept-Encoding': 'a;q=0.1,'.repeat(1_900) } }),
      );
      t.ok(took < 1_000, `${took.toFixed(0)} ms`);
    });

    await t.test('a connection serves further requests after HEAD, errors and refusals', async (t) => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      t.teardown(() => agent.destroy());
      const statuses: number[] = [];
      for (const method of ['HEAD', 'GET', 'OPTIONS', 'HEAD', 'HEAD', 'GET'])
        statuses.push((await fetchFrom(endpoint.url, { method, agent })).status);
      statuses.push((await fetchFrom(`http://127.0.0.1:${port}/nowhere`, { agent })).status);
      t.same(statuses, [200, 200, 405, 200, 200, 200, 404]);
      t.equal(Object.values(agent.freeSockets).flat().length, 1, 'on one connection');
    });

    await t.test('a scraper gets 503 before its timeout if the answer would be late', async (t) => {
      const waiting = (seconds: string) =>
        fetchFrom(endpoint.url, {
          headers: { 'X-Prometheus-Scrape-Timeout-Seconds': seconds, 'Accept-Encoding': 'gzip' },
        });
      for (const seconds of ['10', '1e9', '1e400', 'soon', '0', '-1', ''])
        t.equal((await waiting(seconds)).status, 200, `"${seconds}"`);
      fill(collector);
      const { status, headers, body } = await waiting('0.001');
      t.equal(status, 503);
      t.equal(headers['retry-after'], '1');
      t.match(body.toString(), /^Busy: the answer was not ready within the timeout of the scraper/);
      t.equal((await waiting('10')).status, 200);
    });
  });
}
