import { createServer, type ServerResponse } from 'node:http';
import { connect } from 'node:http2';
import { gunzipSync } from 'node:zlib';
import { MetricsCollector, type MetricsHandler } from 'ringmeter';
import { type Test, test } from 'tap';
import { parseExposition, sampleValue } from '../../helpers/parse-exposition';
import { listening } from '../../http/support';
import { type Answer, fetchFrom, type Wish } from '../client';
import { FRAMEWORKS, http2 } from './frameworks';

const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

function collectorFor(t: Test, flushWorkers = 1): MetricsCollector {
  const collector = new MetricsCollector({ flushWorkers, flushInterval: 0, storage: [] });
  t.teardown(() => collector.close());
  return collector;
}

for (const [framework, open] of Object.entries(FRAMEWORKS)) {
  test(`the handler answers as the endpoint does, with ${framework}`, async (t) => {
    const collector = collectorFor(t);
    const items = collector.counter('items_total');
    const others = collector.counter('others_total');
    others.increment();
    const origin = await open(t, collector.handler(), async () => (await collector.exposition()).body);
    const scrape = (wish?: Wish, query = ''): Promise<Answer> => fetchFrom(`${origin}/metrics${query}`, wish);

    await t.test('GET has everything that was recorded before, as text', async (t) => {
      for (let count = 1; count < 4; count++) {
        items.increment();
        const { status, headers, body } = await scrape();
        t.equal(status, 200);
        t.equal(headers['content-type'], CONTENT_TYPE);
        t.equal(headers['content-length'], String(body.length));
        t.match(headers.vary, /^accept-encoding$/i);
        t.equal(headers['x-content-type-options'], 'nosniff');
        t.equal(sampleValue(parseExposition(body), 'items_total'), count);
      }
    });

    await t.test('clients that accept gzip get it', async (t) => {
      const { headers, body } = await scrape({ headers: { 'Accept-Encoding': 'gzip' } });
      t.equal(headers['content-encoding'], 'gzip');
      t.equal(headers['content-type'], CONTENT_TYPE);
      t.match(headers.vary, /^accept-encoding$/i);
      t.equal(sampleValue(parseExposition(gunzipSync(body)), 'items_total'), 3);
      const refused = await scrape({ headers: { 'Accept-Encoding': 'gzip;q=0, identity' } });
      t.equal(refused.headers['content-encoding'], undefined);
    });

    await t.test('HEAD has the headers of GET and no body', async (t) => {
      const own = ({ date, connection, 'keep-alive': _, 'accept-ranges': __, ...headers }: Answer['headers']) =>
        headers;
      const head = await scrape({ method: 'HEAD' });
      t.equal(head.status, 200);
      t.equal(head.body.length, 0);
      t.same(own(head.headers), own((await scrape()).headers));
    });

    await t.test('name[] selects metrics', async (t) => {
      const { body } = await scrape({}, '?a=%zz&name[]=items_total&name%5B%5D=none');
      t.match(body.toString(), /items_total 3/);
      t.notMatch(body.toString(), /others_total/);
    });

    await t.test('other methods are refused', async (t) => {
      for (const method of ['POST', 'PUT', 'DELETE']) {
        const { status, headers } = await scrape({ method, headers: { 'Content-Length': '0' } });
        t.equal(status, 405, method);
        t.equal(headers.allow, 'GET, HEAD', method);
      }
    });

    await t.test('a body that is sent by hand is the text', async (t) => {
      if (['node', 'hono', 'a server of Request and Response'].includes(framework)) return;
      const { body } = await fetchFrom(`${origin}/by-hand`);
      t.equal(sampleValue(parseExposition(body), 'items_total'), 3);
    });

    await t.test('an error is 500 with its message, without a stack', async (t) => {
      await collector.close();
      for (const method of ['GET', 'HEAD']) {
        const { status, headers, body } = await scrape({ method });
        t.equal(status, 500);
        t.match(headers['content-type'], /^text\/plain/);
        t.equal(body.toString(), method === 'HEAD' ? '' : 'The scrape failed: the collector has been closed\n');
      }
    });
  });
}

test('a framework that is given the handler of another one gets an error that names the right one', async (t) => {
  const handler = collectorFor(t, 0).handler();
  const call = handler as unknown as (...given: unknown[]) => Promise<void>;
  const mistaken = Object.fromEntries(['fastify', 'koa', 'hapi', 'fetch'].map((name) => [name, call])) as never;
  for (const framework of ['fastify', 'koa', 'hapi', 'hono'])
    t.equal((await fetchFrom(`${await openMuted(t, framework, mistaken)}/metrics`)).status, 500, framework);
  for (const given of [[{ raw: {} }, { code() {}, headers() {} }], [{ req: {}, res: {} }], [new Request('http://a')]])
    await t.rejects(call(...given), {
      code: 'RINGMETER_INVALID_OPTION',
      message: /\.fastify, koa \.koa, hapi \.hapi, and call \.fetch\(request\)/,
    });
});

/** Opens a framework that writes to stderr what its handlers throw. */
function openMuted(t: Test, framework: string, handler: MetricsHandler): Promise<string> {
  const { error } = console;
  console.error = () => {};
  t.teardown(() => {
    console.error = error;
  });
  return FRAMEWORKS[framework](t, handler, async () => new Uint8Array());
}

test('the handler answers over HTTP/2', async (t) => {
  const collector = collectorFor(t, 0);
  collector.counter('items_total').increment(3);
  const session = connect(await http2(t, collector.handler()));
  t.teardown(() => session.close());
  for (const method of ['GET', 'HEAD']) {
    const stream = session.request({ ':path': '/metrics?name[]=items_total', ':method': method });
    const status = new Promise((resolve) => stream.once('response', (headers) => resolve(headers[':status'])));
    const parts = await stream.toArray();
    t.equal(await status, 200);
    t.equal(/items_total 3/.test(Buffer.concat(parts).toString()), method === 'GET');
  }
});

test('many requests at once share what is rendered, and each sees what was recorded before it', async (t) => {
  const collector = collectorFor(t);
  const items = collector.counter('items_total');
  const handler = collector.handler();
  const ask = async (query = ''): Promise<Response> => handler.fetch(new Request(`http://localhost/metrics${query}`));
  const answers = [];
  for (let count = 1; count <= 300; count++) {
    items.increment();
    answers.push(ask());
    if (count % 100 === 0) await answers[count - 100];
  }
  const texts = await Promise.all((await Promise.all(answers)).map((answer) => answer.text()));
  texts.forEach((text, index) => {
    const seen = sampleValue(parseExposition(Buffer.from(text)), 'items_total');
    if (seen === undefined || seen < index + 1) t.fail(`request ${index + 1} saw ${seen}`);
  });
  t.ok(collector.stats().collects < 100, `${collector.stats().collects} snapshots`);
  t.equal(collector.stats().scrapes, 300);

  const selections = Array.from({ length: 40 }, (_, index) => ask(`?name[]=m${index}`));
  const statuses = (await Promise.all(selections)).map(({ status }) => status);
  t.same([...new Set(statuses)].sort(), [200, 503], 'different selections are bounded');
});

test('a scraper gets 503 instead of an answer after its timeout', async (t) => {
  const collector = collectorFor(t);
  collector.counter('items_total').increment();
  const headers = { 'X-Prometheus-Scrape-Timeout-Seconds': '0.0001' };
  const { status, headers: answered } = await collector.handler().fetch(new Request('http://localhost/', { headers }));
  t.equal(status, 503);
  t.equal(answered.get('retry-after'), '1');
});

test('headers that were set before stay: Vary is extended, and an ended response is not touched', async (t) => {
  const collector = collectorFor(t, 0);
  const handler = collector.handler();
  const handled: Promise<void>[] = [];
  const before: Record<string, (response: ServerResponse) => void> = {
    '/vary': (response) => response.setHeader('Vary', 'Origin'),
    '/answered': (response) => response.end('mine'),
    '/broken': (response) => {
      response.writeHead = () => {
        throw new Error('always');
      };
    },
  };
  const server = createServer((request, response) => {
    before[request.url!](response);
    handled.push(handler(request, response));
  });
  const origin = `http://127.0.0.1:${await listening(t, server)}`;
  t.equal((await fetchFrom(`${origin}/vary`)).headers.vary, 'Origin, Accept-Encoding');
  t.equal((await fetchFrom(`${origin}/answered`)).body.toString(), 'mine');
  await t.rejects(fetchFrom(`${origin}/broken`), { code: 'ECONNRESET' });
  await Promise.all(handled);
});

test('a client that disconnects while its answer is made does not affect others', async (t) => {
  const collector = collectorFor(t);
  const handler = collector.handler();
  let handled: Promise<void> | undefined;
  const server = createServer((request, response) => {
    handled = handler(request, response);
    request.socket.destroy();
  });
  const port = await listening(t, server);
  await t.rejects(fetchFrom(`http://127.0.0.1:${port}/metrics`));
  await handled;
  t.equal(collector.handler(), handler, 'a collector has one handler');
});
