import { randomBytes } from 'node:crypto';
import { type CollectorOptions, PrometheusStorage, type RemoteWriteOptions } from 'ringmeter';
import { type Test, test } from 'tap';
import { VERSION } from '../../dist/src/common/version.js';
import type { Snapshot } from '../../dist/src/snapshot/snapshot.js';
import { canonical } from '../helpers/canonical';
import { collectorFor, samplesOf, stopWallClock } from '../instruments/support';
import { type Answer, type Received, receive, status } from './receiver';
import { decode, linesOf, STALE_NAN } from './remote-write-decoder';
import { openStorage } from './support';

const WRITTEN = 'x-prometheus-remote-write-samples-written';

/** Answers as a receiver of both versions. */
const takes: Answer = (response, request) =>
  void response.writeHead(204, { [WRITTEN]: decode(request).series.length }).end();

async function receiver(
  t: Test,
  answer: Answer,
  {
    maxThreads,
    defaultLabels = {},
    ...options
  }: Partial<RemoteWriteOptions> & CollectorOptions & { defaultLabels?: Record<string, string> } = {},
) {
  const { url, requests } = await receive(t, answer);
  const collector = collectorFor(t, { maxThreads, defaultLabels });
  const storage = new PrometheusStorage({ remoteWrite: { url: `${url}/write?tenant=1`, ...options } });
  const opened = await openStorage(t, collector, storage);
  return { url, requests, collector, ...opened };
}

/** What requests say together, `name{labels}` to value; a series that ends is minus infinity. */
function said(requests: readonly Received[]): Record<string, number> {
  return Object.fromEntries(requests.flatMap((request) => [...linesOf(decode(request))]));
}

const ENDED = Number.NEGATIVE_INFINITY;
const attempt = (previous?: Snapshot) => ({ signal: AbortSignal.timeout(10_000), previous });

for (const version of [1, 2] as const)
  test(`remote write ${version} sends the same samples as the exposition, for every instrument`, async (t) => {
    const { requests, collector, store } = await receiver(t, takes, { version });
    collector
      .counter('c_total', { description: 'Counts "things"', labelNames: ['B', 'z'] })
      .increment(3, { B: 'ü 你 🚀', z: '"\n' });
    collector.gauge('g').set(-1.5);
    collector.gauge('untouched', { description: 'Has no series yet' });
    collector.summary('untouched_summary');
    collector.counter('no_series', { labelNames: ['a'] });
    const histogram = collector.histogram('h_seconds', { unit: 'seconds', buckets: [0.1, 1], labelNames: ['a', 'm'] });
    for (const value of [0.05, 0.5, 0.7, 9]) histogram.observe(value, { a: 1, m: true });
    for (const value of [1, 2, 3]) collector.summary('s').observe(value);
    const { timestamp } = await store();

    t.match(requests, [
      {
        method: 'POST',
        path: '/write?tenant=1',
        headers: {
          'content-encoding': 'snappy',
          'content-type': version === 1 ? /^application\/x-protobuf$/ : /;proto=io\.prometheus\.write\.v2\.Request$/,
          'x-prometheus-remote-write-version': version === 1 ? '0.1.0' : '2.0.0',
          'user-agent': `ringmeter/${VERSION}`,
        },
      },
    ]);
    const decoded = decode(requests[0]);
    t.ok(decoded.series.every((one) => one.timestamp === timestamp));
    const expected = await samplesOf(collector);
    const lines = linesOf(decoded);
    t.equal(lines.size, expected.size);
    for (const [line, value] of expected) t.same(lines.get(canonical(line)), value, line);
    t.same(
      decoded.series[0].labels.map(([name]) => name),
      ['B', '__name__', 'z'],
      'sorted by bytes: capitals come first',
    );

    const described = (name: string) =>
      version === 1
        ? decoded.metadata.find((one) => one.name === name)
        : decoded.series.find(({ labels }) => labels.some(([, value]) => value.startsWith(name)))?.metadata;
    t.match(described('c_total'), { type: 1, help: 'Counts "things"', unit: '' });
    t.match(described('g'), { type: 2, help: '', unit: '' });
    t.match(described('h_seconds'), { type: 3, unit: 'seconds' });
    t.match(described('s'), { type: 5 });
    if (version === 1)
      t.equal(decoded.metadata.length, 6, 'a metric without series and without zeros is not mentioned');
  });

test('remote write 2.0 says since when totals count; what is no total has no start', async (t) => {
  const pass = stopWallClock(t);
  const began = Date.now();
  const { requests, collector, store } = await receiver(t, takes, { version: 2 });
  const metrics = [
    collector.counter('c', { labelNames: ['a'] }),
    collector.histogram('h', { labelNames: ['a'], buckets: [5] }),
    collector.summary('s', { labelNames: ['a'], quantiles: [0.5] }),
  ] as const;
  const record = (): void => {
    metrics[0].increment(1, { a: 1 });
    metrics[1].observe(1, { a: 1 });
    metrics[2].observe(1, { a: 1 });
  };
  collector.gauge('g').set(1);
  const starts = async (): Promise<Record<string, number>> => {
    requests.length = 0;
    await store();
    return Object.fromEntries(
      requests.flatMap((request) =>
        decode(request).series.map(({ labels, start }) => {
          const { __name__: name, quantile = '' } = Object.fromEntries(labels);
          return [`${name}${quantile}`, start && start - began];
        }),
      ),
    );
  };
  const expected = (start: number) => ({
    c: start,
    h_bucket: start,
    h_sum: start,
    h_count: start,
    's0.5': 0,
    s_sum: start,
    s_count: start,
    g: 0,
  });
  pass(1_000);
  record();
  t.same(await starts(), expected(1_000));
  pass(1_000);
  for (const metric of metrics) metric.reset();
  pass(1_000);
  t.same(await starts(), expected(2_000), 'reset');
  for (const metric of metrics) metric.clear();
  t.same(await starts(), { ...expected(0) }, 'ended');
  pass(1_000);
  record();
  t.same(await starts(), expected(3_000), 'come back after the snapshot without it');
});

test('labels for all series do not replace those of a series, and empty ones are left out', async (t) => {
  const labels = { job: 'j', Zone: 'z', none: '', shard: 7 };
  const { requests, collector, store } = await receiver(t, takes, { version: 1, labels });
  collector.counter('a').increment(1, { job: 'own', empty: '', x: 1 });
  collector.counter('b').increment(1, { job: '' });
  await store();
  t.same(
    decode(requests[0]).series.map((one) => one.labels),
    [
      [
        ['Zone', 'z'],
        ['__name__', 'a'],
        ['job', 'own'],
        ['shard', '7'],
        ['x', '1'],
      ],
      [
        ['Zone', 'z'],
        ['__name__', 'b'],
        ['job', 'j'],
        ['shard', '7'],
      ],
    ],
  );
});

test('of series that a receiver cannot tell apart, the first one is sent', async (t) => {
  const { requests, collector, store } = await receiver(t, takes, { labels: { env: 'prod' } });
  const counter = collector.counter('c');
  counter.increment(1, { a: 1 });
  counter.increment(2, { a: 2, env: 'test' });
  await store();
  counter.increment(3, { a: 1, env: 'prod' });
  counter.increment(4, { a: 3, env: 'prod' });
  counter.increment(5, { a: 3 });
  counter.increment(6, { a: 2 });
  await store();
  t.same(said(requests.slice(1)), {
    'c{a="1",env="prod"}': 1,
    'c{a="2",env="test"}': 2,
    'c{a="3",env="prod"}': 4,
    'c{a="2",env="prod"}': 6,
  });
});

test('a metric without series is sent as zero until it has some', async (t) => {
  const { requests, collector, store, close } = await receiver(t, takes, { defaultLabels: { service: 'a' } });
  const [bare, labelled] = [collector.counter('bare'), collector.counter('labelled')];
  collector.counter('fixed', { labelNames: ['a'] });
  const last = () => said(requests.slice(-1));
  await store();
  t.same(last(), { 'bare{service="a"}': 0, 'labelled{service="a"}': 0 });
  bare.increment(2);
  labelled.increment(3, { x: 1 });
  await store();
  t.same(last(), { 'bare{service="a"}': 2, 'labelled{service="a"}': ENDED, 'labelled{service="a",x="1"}': 3 });
  await store();
  t.same(last(), { 'bare{service="a"}': 2, 'labelled{service="a",x="1"}': 3 }, 'an end is said once');
  await close();
  t.same(last(), { 'bare{service="a"}': ENDED, 'labelled{service="a",x="1"}': ENDED });
});

test('requests are bounded, in order, and never divide a series', async (t) => {
  const { requests, collector, store } = await receiver(t, takes, { maxSamplesPerSend: 7 });
  const counter = collector.counter('c', { labelNames: ['i'] });
  for (let i = 0; i < 20; i++) counter.increment(i, { i });
  const histogram = collector.histogram('h', { buckets: [1, 2], labelNames: ['i'] });
  for (let i = 0; i < 3; i++) histogram.observe(i, { i });
  const large = collector.histogram('large', { buckets: [1, 2, 3, 4, 5, 6, 7, 8], labelNames: ['i'] });
  for (let i = 0; i < 2; i++) large.observe(i, { i });
  await store();
  t.same(
    requests.map((request) => decode(request).series.length),
    [7, 7, 6, 5, 5, 5, 11, 11],
  );
  t.equal(Object.keys(said(requests)).length, 20 + 15 + 22);
});

test('requests are bounded by the length of their labels, too', async (t) => {
  const { requests, collector, store } = await receiver(t, takes);
  const counter = collector.counter('c', { labelNames: ['text'] });
  for (let i = 0; i < 100; i++) counter.increment(1, { text: `${i}`.padEnd(60_000, 'x') });
  await store();
  t.same(
    requests.map((request) => decode(request).series.length),
    [69, 31],
  );
});

test('after a failure, a snapshot continues with the failed request', async (t) => {
  let broken = true;
  const { requests, collector, backend, snapshot } = await receiver(
    t,
    (response, request, count) =>
      broken && count > 2 ? void response.writeHead(503).end() : takes(response, request, count),
    { maxSamplesPerSend: 10 },
  );
  const counter = collector.counter('c', { labelNames: ['i'] });
  for (let i = 0; i < 50; i++) counter.increment(i, { i });
  const taken = await snapshot();
  await t.rejects(backend.store(taken, attempt()) as Promise<void>, { message: /503/, retryable: true });
  await t.rejects(backend.store(taken, attempt()) as Promise<void>, { message: /503/, retryable: true });
  t.equal(requests.length, 4);
  // what is registered while it waits belongs to later snapshots
  counter.increment(1, { i: 'new' });
  await snapshot();
  broken = false;
  await backend.store(taken, attempt());
  const accepted = [...requests.slice(0, 2), ...requests.slice(4)];
  t.equal(accepted.length, 5);
  t.same(said(accepted), Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`c{i="${i}"}`, i])));
  t.same(
    new Set(accepted.flatMap((request) => decode(request).series.map((one) => one.timestamp))),
    new Set([taken.timestamp]),
  );
});

test('the progress of a dropped snapshot does not affect the next one', async (t) => {
  const { requests, collector, backend, snapshot } = await receiver(
    t,
    (response, request, count) => (count === 2 ? void response.writeHead(503).end() : takes(response, request, count)),
    { maxSamplesPerSend: 1 },
  );
  const counter = collector.counter('c', { labelNames: ['i'] });
  for (let i = 0; i < 3; i++) counter.increment(1, { i });
  const first = await snapshot();
  await t.rejects(backend.store(first, attempt()) as Promise<void>, { message: /503/, retryable: true });
  await backend.store({ ...(await snapshot()), timestamp: first.timestamp + 1 }, attempt());
  t.equal(Object.keys(said(requests.slice(2))).length, 3);
});

test('snapshots of the same millisecond are distinguished, and a clock set back by less than a minute changes no order', async (t) => {
  let broken = false;
  const { requests, collector, backend, snapshot } = await receiver(t, (response, request, count) =>
    broken ? void response.writeHead(503).end() : takes(response, request, count),
  );
  const counter = collector.counter('c', { labelNames: [] });
  const now = Date.now();
  const store = async (timestamp: number): Promise<void> => {
    counter.increment();
    await backend.store({ ...(await snapshot()), timestamp }, attempt());
  };
  const dates = () => requests.flatMap((request) => decode(request).series.map((one) => one.timestamp - now));
  await store(now);
  await store(now);
  await store(now);
  await store(now - 59_000);
  broken = true;
  await t.rejects(store(now - 5), { message: /503/, retryable: true });
  broken = false;
  await store(now - 5);
  await store(now + 10);
  t.same(dates(), [0, 1, 2, 3, 4, 4, 10], 'a second attempt says the same as the first');
  await store(now - 3_600_000);
  t.equal(dates().at(-1), -3_600_000, 'what is wrong by more is for the receiver to judge');
});

const OLD_RECEIVERS: [string, Answer][] = [
  ['says 415', (response, request) => void response.writeHead(decode(request).version === 2 ? 415 : 204).end()],
  ['finds nothing in 2.0 and is content', status(204)],
];

for (const [what, answer] of OLD_RECEIVERS)
  test(`auto falls back to 1.0 for a receiver that ${what}, and loses nothing`, async (t) => {
    const { requests, collector, store } = await receiver(t, answer, { maxSamplesPerSend: 2 });
    const counter = collector.counter('c', { labelNames: ['i'] });
    for (let i = 0; i < 4; i++) counter.increment(i, { i });
    await store();
    await store();
    t.same(
      requests.map((request) => decode(request).version),
      [2, 1, 1, 1, 1],
    );
    t.same(said(requests.slice(1, 3)), { 'c{i="0"}': 0, 'c{i="1"}': 1, 'c{i="2"}': 2, 'c{i="3"}': 3 });
  });

test('auto stays with 2.0 where it is accepted, and a failure does not change that', async (t) => {
  const { requests, collector, backend, snapshot, store } = await receiver(t, (response, request, count) =>
    count === 1 ? void response.writeHead(500).end() : takes(response, request, count),
  );
  collector.counter('c').increment();
  await t.rejects(backend.store(await snapshot(), attempt()) as Promise<void>, { message: /500/, retryable: true });
  await store();
  await store();
  t.same(
    requests.map((request) => decode(request).version),
    [2, 2, 2],
  );
});

test('a version that is set explicitly is not changed', async (t) => {
  for (const [, answer] of OLD_RECEIVERS) {
    const second = await receiver(t, answer, { version: 2 });
    second.collector.counter('c').increment();
    const message = `the receiver at ${second.url}/write does not accept remote write 2.0`;
    await t.rejects(second.store(), { message, retryable: false });
    t.equal(second.requests.length, 1);
  }
  const first = await receiver(t, takes, { version: 1 });
  first.collector.counter('c').increment();
  await first.store();
  t.same(
    first.requests.map((request) => decode(request).version),
    [1],
  );
});

test('a refused request does not stop the others, and is reported after them', async (t) => {
  const REFUSALS: [number, string][] = [
    [400, 'out of order sample'],
    [400, 'duplicate sample for timestamp'],
    [400, 'too old sample'],
    [422, 'too many labels'],
    [500, 'out of bounds'],
  ];
  for (const [code, text] of REFUSALS) {
    const { requests, collector, backend, snapshot } = await receiver(
      t,
      (response, request, count) => {
        if (count === 1 || count === 2) response.writeHead(code).end(`${text}\n`);
        else if (count === 4) response.writeHead(503).end();
        else takes(response, request, count);
      },
      { maxSamplesPerSend: 2, version: 1 },
    );
    const counter = collector.counter('c', { labelNames: ['i'] });
    for (let i = 0; i < 10; i++) counter.increment(1, { i });
    const taken = await snapshot();
    await t.rejects(backend.store(taken, attempt()) as Promise<void>, { message: /503/, retryable: true });
    await t.rejects(backend.store(taken, attempt()) as Promise<void>, {
      message: new RegExp(`answered with ${code}: ${text} \\(and 1 more requests of the same snapshot\\)$`),
      retryable: false,
    });
    t.equal(
      Object.keys(said([requests[2], ...requests.slice(4)])).length,
      6,
      `${code}: three of five requests arrived`,
    );
    await backend.store(await snapshot(), attempt());
  }
});

test('a failure that would affect every request ends the attempt', async (t) => {
  for (const [code, retryable] of [
    [401, false],
    [404, false],
    [500, true],
    [429, true],
  ] as const) {
    const { requests, collector, store } = await receiver(t, status(code, 'no'), { maxSamplesPerSend: 1 });
    const counter = collector.counter('c', { labelNames: ['i'] });
    for (let i = 0; i < 3; i++) counter.increment(1, { i });
    await t.rejects(store(), { message: new RegExp(`answered with ${code}: no`), retryable });
    t.equal(requests.length, 1);
  }
});

test('series that a snapshot no longer has get a staleness marker', async (t) => {
  const { requests, collector, backend, snapshot } = await receiver(t, takes);
  const counter = collector.counter('c', { labelNames: ['i'] });
  counter.increment(1, { i: 0 });
  const before = await snapshot();
  counter.increment(1, { i: 1 });
  collector.histogram('h', { buckets: [1] }).observe(0.5, { a: 1 });
  const full = await snapshot();
  const last = () => said(requests.slice(-1));

  await backend.store(full, attempt());
  // as if series 1 and the histogram had been removed
  const shrunk = { ...before, timestamp: full.timestamp + 1, families: full.families.slice(0, 1) };
  await backend.store(shrunk, attempt(full));
  t.same(last(), {
    'c{i="0"}': 1,
    'c{i="1"}': ENDED,
    'h_bucket{a="1",le="1"}': ENDED,
    'h_bucket{a="1",le="+Inf"}': ENDED,
    'h_sum{a="1"}': ENDED,
    'h_count{a="1"}': ENDED,
  });
  const ends = decode(requests[1]).series.filter(({ bits }) => bits === STALE_NAN);
  t.equal(ends.length, 5);
  t.ok(ends.every(({ timestamp }) => timestamp === shrunk.timestamp));
  await backend.store({ ...shrunk, timestamp: full.timestamp + 2 }, attempt(shrunk));
  t.same(last(), { 'c{i="0"}': 1 });
});

test('a missing number is a NaN, and not the staleness marker', async (t) => {
  for (const version of [1, 2] as const) {
    const { requests, collector, store } = await receiver(t, takes, { version });
    collector.summary('s', { quantiles: [0.5] });
    await store();
    const [{ bits, value }] = decode(requests[0]).series;
    t.ok(Number.isNaN(value));
    t.equal(bits & 0xfff8000000000000n, 0x7ff8000000000000n);
  }
});

test('closing ends every series that was sent, later than its last sample', async (t) => {
  for (const version of [1, 2] as const) {
    const { requests, collector, store, close } = await receiver(t, takes, { version, maxSamplesPerSend: 3 });
    collector.counter('c').increment(1, { a: 1 });
    collector.histogram('h', { buckets: [1] }).observe(1, { a: 1 });
    const { timestamp } = await store();
    const sent = requests.length;
    collector.counter('later').increment(1, { a: 1 });
    await close();
    const ends = requests.slice(sent).flatMap((request) => decode(request).series);
    t.equal(ends.length, 5, 'what was never sent is not ended');
    t.ok(ends.every(({ bits }) => bits === STALE_NAN));
    t.ok(ends.every((one) => one.timestamp > timestamp && one.timestamp <= Date.now() + 1));
    t.same(
      requests.slice(sent).flatMap((request) => decode(request).metadata),
      [],
      'an end needs no description',
    );
  }
});

test('closing ends the series that an earlier worker has sent', async (t) => {
  const { requests, collector, backend, snapshot, close } = await receiver(t, status(503));
  collector.counter('c').increment(1, { a: 1 });
  const previous = await snapshot();
  await t.rejects(
    backend.store({ ...previous, timestamp: previous.timestamp + 1 }, attempt(previous)) as Promise<void>,
    {
      message: /503/,
      retryable: true,
    },
  );
  await t.rejects(close(), { message: /503/, retryable: true });
  t.same(said(requests.slice(-1)), { 'c{a="1"}': ENDED });
});

test('closing ends all series, if an earlier worker has stored them', async (t) => {
  const { requests, collector, snapshot, close } = await receiver(t, takes);
  collector.counter('c').increment(1, { a: 1 });
  collector.gauge('never_recorded');
  await snapshot();
  await close();
  t.same(said(requests), { 'c{a="1"}': ENDED });
});

test('a 400 from a receiver of 1.0 causes a fall back to 1.0; a 400 from a receiver of 2.0 refuses the content', async (t) => {
  const old = await receiver(t, (response, request, count) =>
    decode(request).version === 2 ? void response.writeHead(400).end('bad') : takes(response, request, count),
  );
  old.collector.counter('c').increment();
  await old.store();
  await old.store();
  t.same(
    old.requests.map((request) => decode(request).version),
    [2, 1, 1],
  );
  const both = await receiver(t, (response, request, count) =>
    count === 2 ? void response.writeHead(400).end('bad') : takes(response, request, count),
  );
  both.collector.counter('c').increment();
  await both.store();
  await t.rejects(both.store(), { message: /400/, retryable: false });
  t.same(
    both.requests.map((request) => decode(request).version),
    [2, 2],
  );
});

test('any of the headers with the written counts identifies a receiver of 2.0', async (t) => {
  for (const what of ['Samples', 'Histograms', 'Exemplars']) {
    const { requests, collector, store } = await receiver(
      t,
      status(204, '', { [`X-Prometheus-Remote-Write-${what}-Written`]: '0' }),
    );
    collector.counter('c').increment();
    await store();
    t.equal(requests.length, 1, what);
  }
});

test('a request that is too large is halved until it is accepted, and only a single too large series is dropped', async (t) => {
  const { requests, collector, store } = await receiver(t, (response, request, count) =>
    request.body.length > 300 ? void response.writeHead(413).end('too large') : takes(response, request, count),
  );
  const counter = collector.counter('c', { labelNames: ['i'] });
  for (let i = 0; i < 40; i++) counter.increment(1, { i });
  await store();
  const taken = requests.filter(({ body }) => body.length <= 300);
  t.ok(taken.length < requests.length);
  t.equal(Object.keys(said(taken)).length, 40);
  collector.counter('large', { labelNames: ['text'] }).increment(1, { text: randomBytes(400).toString('hex') });
  await t.rejects(store(), { message: /413/, retryable: false });
});

test('temporary failures are retried, also a 500 whose text only resembles that of refused samples', async (t) => {
  for (const [code, text] of [
    [408, 'late'],
    [425, 'early'],
    [500, 'storage: block out of bounds while compacting'],
  ] as const) {
    const { collector, store } = await receiver(t, status(code, text));
    collector.counter('c').increment();
    await t.rejects(store(), { message: new RegExp(`answered with ${code}`), retryable: true });
  }
});
