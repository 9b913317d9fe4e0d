import { Agent } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { test } from 'tap';
import { parseExposition, sampleValue } from '../helpers/parse-exposition';
import { type Answer, ask, fetchFrom, RawConnection, serving, type Wish } from './client';

for (const flushWorkers of [0, 1]) {
  test(`an endpoint with flushWorkers: ${flushWorkers}`, async (t) => {
    const { collector, endpoint } = await serving(t, { flushWorkers });
    const requests = collector.counter('requests_total', { description: 'Requests', labelNames: ['route'] });
    requests.increment(3, { route: '/"a"' });
    collector.histogram('wait_seconds').observe(0.2);
    collector.summary('size_bytes').observe(100);
    const base = endpoint.url.replace('/metrics', '');
    const scrape = (wish?: Wish, query = ''): Promise<Answer> => fetchFrom(`${endpoint.url}${query}`, wish);

    await t.test('answers GET /metrics with what was recorded before the request', async (t) => {
      for (let count = 4; count < 10; count++) {
        requests.increment(1, { route: '/"a"' });
        const { status, headers, body } = await scrape();
        t.equal(status, 200);
        t.equal(sampleValue(parseExposition(body), 'requests_total', { route: '/"a"' }), count);
        t.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
        t.equal(headers['content-length'], String(body.length));
      }
    });

    await t.test('answers HEAD with the headers of GET and no body', async (t) => {
      for (const encoding of ['identity', 'gzip']) {
        const wish = { headers: { 'Accept-Encoding': encoding } };
        const got = await scrape(wish);
        const head = await scrape({ ...wish, method: 'HEAD' });
        const undated = ({ date, ...headers }: Answer['headers']) => headers;
        t.equal(head.status, 200);
        t.same(undated(head.headers), undated(got.headers));
        t.equal(head.body.length, 0);
      }
    });

    await t.test('answers the health check', async (t) => {
      const { status, body } = await fetchFrom(`${base}/-/healthy`);
      t.equal(status, 200);
      t.equal(body.toString(), 'OK\n');
      t.equal((await fetchFrom(`${base}/-/healthy`, { method: 'HEAD' })).body.length, 0);
    });

    await t.test('answers 404 to every other path', async (t) => {
      for (const path of ['/x', '/metrics/', '/METRICS', '//metrics', '/-/healthy/x', '/__proto__', '/constructor'])
        t.equal((await fetchFrom(`${base}${path}`)).status, 404, path);
    });

    await t.test('answers 405 with Allow to other methods', async (t) => {
      for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
        const { status, headers } = await scrape({ method });
        t.equal(status, 405, method);
        t.equal(headers.allow, 'GET, HEAD', method);
      }
      t.equal((await fetchFrom(`${base}/-/healthy`, { method: 'POST', body: 'x' })).status, 405);
    });

    await t.test('shows only the metrics that name[] asks for', async (t) => {
      const shown = async (query: string) =>
        parseExposition((await scrape({}, `?${query}`)).body).map(({ name }) => name);
      t.same(await shown('name[]=requests_total'), ['requests_total']);
      t.same(await shown('name%5B%5D=wait_seconds&name[]=size_bytes'), ['wait_seconds', 'size_bytes']);
      t.same(await shown('name[]=wait_seconds_bucket'), ['wait_seconds']);
      t.same(await shown('name[]=size_bytes_count&name[]=requests_total'), ['requests_total', 'size_bytes']);
      t.same(await shown('name[]=nothing'), []);
      t.same(await shown('name[]=%ZZ'), []);
      t.same(await shown('other=1'), ['requests_total', 'wait_seconds', 'size_bytes']);
    });

    await t.test('compresses for clients that accept gzip, and only for them', async (t) => {
      const plain = await scrape();
      t.equal(plain.headers['content-encoding'], undefined);
      for (const accepted of ['gzip', 'gzip;q=0.5', 'deflate, gzip', 'br;q=1.0, gzip;q=0.8, *;q=0.1']) {
        const { headers, body } = await scrape({ headers: { 'Accept-Encoding': accepted } });
        t.equal(headers['content-encoding'], 'gzip', accepted);
        t.equal(headers.vary, 'Accept-Encoding');
        t.ok(gunzipSync(body).equals(plain.body), 'and it is the same text');
      }
      for (const accepted of ['', 'identity', 'deflate', 'br', 'gzip;q=0', 'gzip;q=0, identity']) {
        const { headers, body } = await scrape({ headers: { 'Accept-Encoding': accepted } });
        t.equal(headers['content-encoding'], undefined, `"${accepted}"`);
        t.ok(body.equals(plain.body));
      }
    });

    await t.test('answers requests that are not HTTP, or ask for no path, with 400', async (t) => {
      for (const line of [
        'GET metrics HTTP/1.1',
        'GET * HTTP/1.1',
        'GET http://[ HTTP/1.1',
        'NONSENSE',
        'GET / HTTP/9.9',
      ]) {
        const connection = await RawConnection.open(t, endpoint.port);
        connection.write(`${line}\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
        await connection.until(/^HTTP\/1\.1 (400|505) /);
        await connection.untilClosed();
      }
      t.equal((await scrape()).status, 200, 'and goes on');
    });

    await t.test('refuses headers that are too large with 431', async (t) => {
      t.equal((await scrape({ headers: { Cookie: 'x'.repeat(15_000) } })).status, 200, '15,000 bytes are fine');
      const connection = await RawConnection.open(t, endpoint.port);
      connection.write(`GET /metrics HTTP/1.1\r\nHost: localhost\r\nCookie: ${'x'.repeat(17_000)}\r\n\r\n`);
      await connection.until(/^HTTP\/1\.1 431 /);
      await connection.untilClosed();
      const long = await RawConnection.open(t, endpoint.port);
      long.write(`GET /metrics?name[]=${'x'.repeat(17_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      await long.until(/^HTTP\/1\.1 431 /);
    });

    await t.test('answers a GET with a body without reading the body, and closes the connection', async (t) => {
      const sized = await RawConnection.open(t, endpoint.port);
      sized.write('GET /-/healthy HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\nsome of it');
      await sized.until(/^HTTP\/1\.1 200 [\s\S]*Connection: close[\s\S]*OK\n$/);
      await sized.untilClosed();
      const chunked = await RawConnection.open(t, endpoint.port);
      chunked.write(
        'GET /-/healthy HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
      );
      await chunked.until(/^HTTP\/1\.1 200 [\s\S]*OK\n$/);
      await chunked.untilClosed();
    });

    await t.test('answers pipelined requests in their order', async (t) => {
      const connection = await RawConnection.open(t, endpoint.port);
      connection.write(ask('/metrics?name[]=requests_total') + ask('/-/healthy') + ask('/nowhere') + ask('/-/healthy'));
      await connection.until(/requests_total\{[\s\S]*OK\n[\s\S]*Not found[\s\S]*OK\n$/);
      t.same(connection.statuses, ['200', '200', '404', '200']);
    });

    await t.test('takes many requests on one connection', async (t) => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      t.teardown(() => agent.destroy());
      for (let index = 0; index < 20; index++) t.equal((await scrape({ agent })).status, 200);
      t.equal(Object.values(agent.freeSockets).flat().length, 1);
    });

    await t.test('answers two hundred concurrent scrapes, each one completely', async (t) => {
      const before = requests.getValue({ route: '/"a"' });
      const scrapes = Array.from({ length: 200 }, (_, index) =>
        scrape({ headers: { 'Accept-Encoding': index % 2 === 0 ? 'gzip' : 'identity' } }),
      );
      for (let index = 0; index < 1_000; index++) requests.increment(1, { route: '/"a"' });
      for (const { status, headers, body } of await Promise.all(scrapes)) {
        const text = headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
        const count = sampleValue(parseExposition(text), 'requests_total', { route: '/"a"' })!;
        if (status !== 200 || !(count >= before && count <= before + 1_000)) t.fail(`${status} with ${count}`);
      }
      const { body } = await scrape();
      t.equal(sampleValue(parseExposition(body), 'requests_total', { route: '/"a"' }), before + 1_000);
    });
  });
}
