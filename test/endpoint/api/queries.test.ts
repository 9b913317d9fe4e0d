import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { gunzipSync } from 'node:zlib';
import { MemoryStorage, MetricsCollector } from 'ringmeter';
import { type Test, test } from 'tap';
import { fetchFrom, RawConnection, serving, timed } from '../client';
import { startedWorkers } from '../workers';
import { baseOf, formOf, get, post } from './support';

/** Takes some seconds, and lets others have their turn after each of the 300 series of `many`. */
const LONG = 'max(max_over_time(stddev_over_time((many @ end() * time())[20s:1s])[4m:10ms]))';

async function withHistory(t: Test, flushWorkers = 1) {
  const { collector, endpoint } = await serving(t, { flushWorkers, storage: new MemoryStorage() });
  const jobs = collector.counter('jobs_total');
  for (let series = 0; series < 300; series++) collector.gauge('many').set(series, { series });
  for (let round = 1; round <= 5; round++) {
    jobs.increment(1, { queue: 'a' });
    jobs.increment(2, { queue: 'b' });
    await collector.flush();
  }
  return { collector, endpoint, base: baseOf(endpoint) };
}

for (const flushWorkers of [0, 1]) {
  const mode = `(flushWorkers: ${flushWorkers})`;

  test(`a collector answers PromQL ${mode}`, async (t) => {
    const { collector } = await withHistory(t, flushWorkers);
    const before = Date.now();
    const result = await collector.query('sum(jobs_total)');
    t.equal(result.type, 'vector');
    if (result.type !== 'vector') return;
    const [{ labels, time, value }, ...others] = result.samples;
    t.same({ labels, value, others }, { labels: {}, value: 15, others: [] });
    t.ok(time >= before && time <= Date.now(), 'now, in milliseconds');
    const end = new Date();
    const range = await collector.queryRange('jobs_total{queue="a"}', { start: +end - 2_000, end, step: 1_000 });
    t.equal(range.type, 'matrix');
    t.same(range.series[0].labels, { __name__: 'jobs_total', queue: 'a' });
    t.same(range.series[0].times.at(-1), +end);
    t.same(range.series[0].values.at(-1), 5);
    t.same(await collector.query('1 + 1', { time: 1_500 }), { type: 'scalar', time: 1_500, value: 2 });
  });

  test(`wrong queries are refused with codes ${mode}`, async (t) => {
    const { collector } = await withHistory(t, flushWorkers);
    const range = { start: 0, end: 1, step: 1 };
    const invalid = { code: 'RINGMETER_INVALID_QUERY', name: 'RingmeterError' };
    await t.rejects(collector.query('jobs_total{'), invalid);
    await t.rejects(collector.query(7 as never), invalid);
    await t.rejects(collector.query('1', { time: Number.NaN }), invalid);
    await t.rejects(collector.query('1', { time: 'now' as never }), invalid);
    await t.rejects(collector.queryRange('1', { ...range, end: -1 }), invalid);
    await t.rejects(collector.queryRange('1', { ...range, step: 0 }), invalid);
    await t.rejects(collector.queryRange('1', undefined as never), invalid);
    const option = { code: 'RINGMETER_INVALID_OPTION' };
    await t.rejects(collector.query('1', { at: 1 } as never), option);
    await t.rejects(collector.query('1', { timeout: 0 }), option);
    await t.rejects(collector.query('1', { signal: {} as never }), option);
    const bare = new MetricsCollector({ flushWorkers, storage: [] });
    t.teardown(() => bare.close());
    await t.rejects(bare.query('1'), { code: 'RINGMETER_NO_STORAGE' });
  });

  test(`a query that is aborted or takes too long ends at once, also in the thread that evaluates it ${mode}`, async (t) => {
    const { collector } = await withHistory(t, flushWorkers);
    for (let round = 0; round < 3; round++) {
      const controller = new AbortController();
      // more than are evaluated at one time: if one of them went on, the last query would have to wait
      const all = Array.from({ length: 8 }, () =>
        collector.query(LONG, { signal: controller.signal, timeout: 60_000 }),
      );
      const settled = Promise.allSettled(all);
      await new Promise((resolve) => setTimeout(resolve, 50));
      const reason = new Error('not any more');
      controller.abort(reason);
      for (const outcome of await settled) t.equal(outcome.status === 'rejected' && outcome.reason, reason);
      t.ok((await timed(5_000, collector.query('1'))) < 2_000);
    }
    await t.rejects(collector.query('1', { signal: AbortSignal.abort() }), { name: 'AbortError' });
    const late = collector.query(LONG, { timeout: 50 });
    await t.rejects(late, { code: 'RINGMETER_QUERY_LIMIT', message: /longer than its timeout of 50 ms/ });
  });

  test(`a flush, a scrape and close() do not wait for queries ${mode}`, async (t) => {
    const { collector, endpoint } = await withHistory(t, flushWorkers);
    const all = Array.from({ length: 68 }, () => collector.query(LONG, { timeout: 60_000 }));
    const settled = Promise.allSettled(all);
    await t.rejects(collector.query('1'), { code: 'RINGMETER_QUERY_LIMIT', message: /try again later/ });
    t.ok((await timed(5_000, collector.flush())) < 4_000);
    t.equal((await fetchFrom(endpoint.url)).status, 200);
    await timed(8_000, collector.close());
    for (const outcome of await settled)
      t.match(outcome, { status: 'rejected', reason: { code: /RINGMETER_(CLOSED|WORKER_FAILED)/ } });
  });
}

test('the query of an API client ends when the client disconnects or times out', async (t) => {
  const { base, endpoint } = await withHistory(t);
  const ask = `GET /api/v1/query?${formOf({ query: LONG })} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
  const clients = await Promise.all(Array.from({ length: 8 }, () => RawConnection.open(t, endpoint.port)));
  for (const client of clients) client.write(ask);
  await new Promise((resolve) => setTimeout(resolve, 50));
  for (const client of clients) client.socket.resetAndDestroy();
  t.ok((await timed(5_000, get(base, 'query', { query: '1' }))) < 2_000);
  const { status, json } = await get(base, 'query', { query: LONG, timeout: '50ms' });
  t.equal(status, 503);
  t.match(json, { status: 'error', errorType: 'timeout' });
});

test('answers are compressed for clients that accept it, and HEAD has no body', async (t) => {
  const { base } = await withHistory(t);
  const url = `${base}/api/v1/query?${formOf({ query: 'jobs_total', time: String(Date.now() / 1000) })}`;
  const plain = await fetchFrom(url);
  t.equal(plain.headers['content-type'], 'application/json');
  const zipped = await fetchFrom(url, { headers: { 'Accept-Encoding': 'gzip' } });
  t.equal(zipped.headers['content-encoding'], 'gzip');
  t.ok(gunzipSync(zipped.body).equals(plain.body));
  const head = await fetchFrom(url, { method: 'HEAD' });
  t.equal(head.headers['content-length'], String(plain.body.length));
  t.equal(head.body.length, 0);
});

test('a query whose answer is too large is refused, and does not affect other queries', async (t) => {
  const { base, endpoint } = await withHistory(t);
  const large = get(base, 'query', { query: 'vector(1)[1500s:1ms]' });
  t.ok((await timed(5_000, fetchFrom(endpoint.url))) < 4_000);
  const { status, json } = await large;
  t.equal(status, 422);
  t.match(json, { errorType: 'execution', error: /larger than 16777216 bytes/ });
  const { data } = (await get(base, 'query', { query: 'vector(1)[20s:1ms]', time: '100' })).json;
  t.equal(data.result[0].values.length, 20_001);
  t.same(data.result[0].values.at(-1), [100, '1']);
});

test('hostile expressions are refused, and do not affect other queries', async (t) => {
  const { base, endpoint } = await withHistory(t);
  const depth = 40_000;
  for (const query of [
    '('.repeat(depth),
    `${'('.repeat(depth)}1${')'.repeat(depth)}`,
    `${'-'.repeat(depth)}1`,
    `1${'^1'.repeat(depth)}`,
    `1${'+1'.repeat(depth)}`,
    `{${'a="b",'.repeat(8_000)}}`,
    '{a=~"((((((a{1000}){1000}){1000}){1000}){1000}){1000})"}',
    `{a=~"${'(a*)*'.repeat(5_000)}b"}`,
    `"${'x'.repeat(200_000)}"`,
    '\0'.repeat(1_000),
    'constructor',
    '__proto__{__proto__="x"}',
  ]) {
    const began = performance.now();
    const { status, json } = await post(base, 'query', { query, timeout: '5s' });
    const took = performance.now() - began;
    t.ok(
      [200, 400, 422, 503].includes(status) && took < 6_000,
      `${query.slice(0, 20)}: ${status} in ${took.toFixed(0)} ms`,
    );
    t.ok(json.status === 'success' || (json.error ?? '').length < 600, 'without telling it all');
  }
  const selectors = Array.from({ length: 257 }, () => 'jobs_total');
  t.equal((await post(base, 'series', { 'match[]': selectors })).status, 400);
  t.equal((await fetchFrom(endpoint.url)).status, 200);
});

test('a query of one long series is aborted as soon as a query of many series', async (t) => {
  const { base } = await withHistory(t);
  const query = 'max_over_time(stddev_over_time(vector(time())[1d:5s])[1d:5s])';
  const began = performance.now();
  const { status, json } = await post(base, 'query', { query, timeout: '50ms' });
  t.equal(status, 503);
  t.equal(json.errorType, 'timeout');
  t.ok(performance.now() - began < 3_000, 'all of it would take some seconds');
});

test('queries survive the end of the worker that runs them', async (t) => {
  const workers = startedWorkers(t);
  const { collector, base } = await withHistory(t);
  const asked = collector.query('sum(jobs_total)', { time: Date.now() });
  await workers.at(-1)!.terminate();
  t.match(await asked, { samples: [{ value: 15 }] });
  const again = async (): Promise<number> => {
    for (const end = Date.now() + 10_000; ; )
      try {
        return (await get(base, 'query', { query: 'sum(jobs_total)' })).json.data.result[0].value[1];
      } catch (error) {
        if (Date.now() > end) throw error;
      }
  };
  t.equal(await again(), '15');
});

/** Asks over and over, until told to stop, and tells how long each answer took and what it was. */
const ASKER = `
  const { parentPort, workerData } = require('node:worker_threads');
  let stopped = false;
  parentPort.once('message', () => { stopped = true; });
  (async () => {
    const answers = [];
    const ask = async () => {
      const began = performance.timeOrigin + performance.now();
      const { data } = await (await fetch(workerData)).json();
      answers.push({ began, took: performance.timeOrigin + performance.now() - began, value: data.result[0]?.value[1] });
    };
    await ask();
    parentPort.postMessage('ready');
    while (!stopped) {
      await ask();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    parentPort.postMessage(answers);
  })();
`;

test('queries are answered while the thread of the collector is blocked', async (t) => {
  const { base } = await withHistory(t);
  const asker = new Worker(ASKER, { eval: true, workerData: `${base}/api/v1/query?query=sum(jobs_total)` });
  t.teardown(() => asker.terminate());
  await once(asker, 'message');
  const blocked = performance.timeOrigin + performance.now();
  for (const end = performance.now() + 1_000; performance.now() < end; );
  const released = performance.timeOrigin + performance.now();
  asker.postMessage('stop');
  const [answers] = (await once(asker, 'message')) as [{ began: number; took: number; value: string }[]];
  const during = answers.filter(({ began, took }) => began > blocked && began + took < released);
  t.ok(during.length >= 5, `${during.length} were answered meanwhile`);
  t.ok(during.every(({ value }) => value === '15'));
});

test('a time such as "constructor", a property name of all objects, is refused', async (t) => {
  const { base } = await withHistory(t);
  for (const text of ['constructor', '__proto__', 'toString'])
    for (const [path, given] of [
      ['query', { query: '1', time: text }],
      ['labels', { start: text }],
    ] as const) {
      const { status, json } = await get(base, path, given);
      t.equal(status, 400, `${path} ${text}`);
      t.match(json.error, `cannot parse ${JSON.stringify(text)} to a valid timestamp`);
    }
});

test('a query that runs while the collector is closed fails with RINGMETER_CLOSED, on whichever worker it runs', async (t) => {
  const { collector } = await withHistory(t, 2);
  const given = [1, 2, 3].map(() => collector.query(LONG).catch(({ code }) => code));
  await collector.query('1');
  await collector.close();
  t.same(await Promise.all(given), ['RINGMETER_CLOSED', 'RINGMETER_CLOSED', 'RINGMETER_CLOSED']);
});
