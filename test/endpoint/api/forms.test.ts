import { Agent } from 'node:http';
import { test } from 'tap';
import { fetchFrom, RawConnection, serving } from '../client';
import { baseOf, get } from './support';

/** Bytes that a form may have. */
const MOST = 2 ** 18;

for (const flushWorkers of [0, 1])
  test(`the API checks the form and the encoding of requests (flushWorkers: ${flushWorkers})`, async (t) => {
    const { endpoint } = await serving(t, { flushWorkers });
    const base = baseOf(endpoint);
    const type = 'application/x-www-form-urlencoded';
    const send = async (body: string, headers: Record<string, string> = { 'Content-Type': type }) => {
      const answer = await fetchFrom(`${base}/api/v1/query`, { method: 'POST', headers, body });
      return { ...answer, json: JSON.parse(answer.body.toString()) };
    };

    await t.test('malformed forms are answered with bad_data', async (t) => {
      for (const [body, status, headers] of [
        ['query=%', 400],
        ['query=%zz', 400],
        ['query=%ff%fe', 400],
        ['query=%ed%a0%80', 400],
        ['query=1', 415, { 'Content-Type': 'application/json' }],
        ['query=1', 415, { 'Content-Type': 'multipart/form-data; boundary=x' }],
        ['query=1', 415, { 'Content-Type': type, 'Content-Encoding': 'gzip' }],
        [`query=${'1'.repeat(MOST)}`, 413],
        ['', 400],
        ['&&==&', 400],
      ] as const) {
        const { status: got, json, headers: answered } = await send(body, headers as Record<string, string>);
        t.equal(got, status, body.slice(0, 30));
        t.match(json, { status: 'error', errorType: 'bad_data', error: /./ });
        t.equal(answered['content-type'], 'application/json');
      }
      const { status, json } = await get(base, 'query', { query: '', time: 'x' });
      t.equal(status, 400);
      t.equal(json.errorType, 'bad_data');
      t.equal((await fetchFrom(`${base}/api/v1/query?query=%zz`)).status, 400);
    });

    await t.test('bodies that are not UTF-8, and bodies with a wrong length', async (t) => {
      const head = `POST /api/v1/query HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${type}\r\n`;
      const raw = await RawConnection.open(t, endpoint.port);
      raw.socket.write(Buffer.from(`${head}Content-Length: 8\r\n\r\nquery=\xff\xfe`, 'latin1'));
      await raw.until(/^HTTP\/1\.1 400 [\s\S]*must be UTF-8/);
      const long = await RawConnection.open(t, endpoint.port);
      long.write(`${head}Content-Length: ${MOST + 1}\r\n\r\n`);
      await long.until(/^HTTP\/1\.1 413 [\s\S]*Connection: close/);
      await long.untilClosed();
      const endless = await RawConnection.open(t, endpoint.port);
      endless.write(`${head}Transfer-Encoding: chunked\r\n\r\n`);
      for (let sent = 0; sent <= MOST; sent += 65_536) endless.write(`10000\r\n${'x'.repeat(65_536)}\r\n`);
      await endless.until(/^HTTP\/1\.1 413 /);
      await endless.untilClosed();
      const broken = await RawConnection.open(t, endpoint.port);
      broken.write(`${head}Transfer-Encoding: chunked\r\n\r\nnonsense`);
      await broken.untilClosed();
      const gone = await RawConnection.open(t, endpoint.port);
      gone.write(`${head}Content-Length: 100\r\n\r\nquery=`);
      gone.socket.resetAndDestroy();
      t.equal((await fetchFrom(endpoint.url)).status, 200, 'and nothing is lost');
    });

    await t.test('a body is waited for, and the connection goes on after it', async (t) => {
      const raw = await RawConnection.open(t, endpoint.port);
      raw.write('POST /api/v1/series HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 8\r\n\r\n');
      await raw.until(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
      raw.write('x=1&y');
      raw.write('=%20GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n'.replace('=%20', '=12'));
      await raw.until(/no match\[\] parameter provided[\s\S]*OK\n$/);
      t.same(raw.statuses, ['100', '400', '200']);
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      t.teardown(() => agent.destroy());
      for (let round = 0; round < 5; round++)
        await fetchFrom(`${base}/api/v1/query`, { method: 'POST', body: 'query=', agent });
      t.equal(Object.values(agent.freeSockets).flat().length, 1);
    });

    await t.test('methods that a route does not have', async (t) => {
      const allowed: Record<string, string> = {
        query: 'GET, HEAD, POST',
        query_range: 'GET, HEAD, POST',
        series: 'GET, HEAD, POST',
        labels: 'GET, HEAD, POST',
        'label/job/values': 'GET, HEAD',
        metadata: 'GET, HEAD',
        rules: 'GET, HEAD',
        alerts: 'GET, HEAD',
        'status/buildinfo': 'GET, HEAD',
      };
      for (const [path, allow] of Object.entries(allowed))
        for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS', ...(allow.includes('POST') ? [] : ['POST'])]) {
          const { status, headers } = await fetchFrom(`${base}/api/v1/${path}`, { method });
          t.equal(status, 405, `${method} ${path}`);
          t.equal(headers.allow, allow);
        }
      for (const path of ['', 'nowhere', 'label//values', 'label/a/b/values', 'label/:name', 'label/%zz/values'])
        t.equal((await fetchFrom(`${base}/api/v1/${path}`)).status, 404, path);
    });

    await t.test('without a MemoryStorage, queries are unavailable and the rest is not', async (t) => {
      for (const path of ['query', 'query_range', 'labels', 'series', 'label/job/values']) {
        const given = { query: '1', start: '0', end: '1', step: '1', 'match[]': 'up' };
        const { status, json } = await get(base, path, given);
        t.equal(status, 503, path);
        t.match(json, { status: 'error', errorType: 'unavailable', error: /MemoryStorage/ });
      }
      t.same((await get(base, 'rules')).json, { status: 'success', data: { groups: [] } });
      t.same((await get(base, 'alerts')).json, { status: 'success', data: { alerts: [] } });
      const { json } = await get(base, 'status/buildinfo');
      t.match(json, { status: 'success', data: { version: /^2\.\d+\.\d+$/, revision: /^ringmeter \d/ } });
    });
  });
