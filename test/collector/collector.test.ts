import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { attachCollector, getMetricsCollector, MetricsCollector } from 'ringmeter';
import { test } from 'tap';
import { Arena } from '../../dist/src/arena/arena.js';
import { HEADER } from '../../dist/src/arena/layout.js';
import { openShards } from '../../dist/src/arena/shard.js';
import { Recorder } from '../../dist/src/instruments/recorder.js';
import { collectorFor, conserves, refuses, samplesOf, until } from '../instruments/support';

/** Warnings of this process; each code is given once, so tests below share them. */
const warnings: { code?: string; message: string }[] = [];
process.on('warning', (warning) => warnings.push(warning));
const warned = async (code: string): Promise<string[]> => {
  // warnings come in the next turn of the loop
  await new Promise((resolve) => setImmediate(resolve));
  return warnings.filter((warning) => warning.code === code).map(({ message }) => message);
};

test('the first collector is the default until it is closed', async (t) => {
  const first = collectorFor(t);
  const second = collectorFor(t);
  t.ok(getMetricsCollector() === first);
  await second.close();
  t.ok(getMetricsCollector() === first, 'another one that is closed changes nothing');
  await first.close();
  const third = collectorFor(t);
  t.ok(getMetricsCollector() === third);
  await third.close();
  const made = getMetricsCollector();
  t.teardown(() => made.close());
  t.ok(made instanceof MetricsCollector, 'without any, one with default options is made');
  t.notOk([first, second, third].includes(made));
  t.ok(getMetricsCollector() === made);
  t.equal(made.stats().maxMemory, 256 * 2 ** 20);
  t.equal(made.stats().ringCapacity, 65_536);
});

test('stats() counts every call, whether it was folded, dropped or invalid', async (t) => {
  const collector = collectorFor(t, { ringCapacity: 64 });
  const zero = collector.stats();
  t.same(
    [zero.recorded, zero.folded, zero.pending, zero.dropped, zero.invalid, zero.series, zero.metrics, zero.threads],
    [0, 0, 0, 0, 0, 0, 0, 0],
  );
  const counter = collector.counter('c');
  for (let index = 0; index < 50; index++) counter.increment(1, { index: index % 5 });
  for (let index = 0; index < 7; index++) counter.increment(-1);
  collector.gauge('g').set(1);
  const stats = collector.stats();
  t.same(
    [stats.recorded, stats.folded, stats.foldedInPlace, stats.pending, stats.dropped, stats.invalid],
    [58, 51, 0, 0, 0, 7],
  );
  t.same([stats.metrics, stats.threads], [2, 1]);
  t.equal(stats.ringHighWaterMark, 51);
  t.equal(stats.ringCapacity, 64);
  t.ok(stats.bytes > zero.bytes && stats.bytes < stats.maxMemory);
  t.equal((await collector.getAllMetrics()).length, stats.series);
  await collector.flush();
  await collector.exposition();
  const later = collector.stats();
  t.equal(later.flushes, 1);
  t.equal(later.failedFlushes, 0);
  t.equal(later.collects - stats.collects, 3);
});

test('getAllMetrics and exportJson show every series, with its labels and values', async (t) => {
  const collector = collectorFor(t);
  collector.counter('c', { description: 'Requests' }).increment(2, { a: 'x"y' });
  collector.gauge('g_bytes', { unit: 'bytes' }).set(-1.5);
  collector.histogram('h', { buckets: [1] }).observe(3);
  const summary = collector.summary('s', { quantiles: [0.5] });
  summary.labels({ empty: true });
  const before = Date.now();
  const metrics = await collector.getAllMetrics();
  for (const { timestamp } of metrics) t.ok(timestamp >= before && timestamp <= Date.now());
  const common = { description: '', unit: '', labels: {} };
  const shown = metrics.map(({ timestamp: _, ...metric }) => metric);
  t.same(shown, [
    { ...common, name: 'c', type: 'counter', description: 'Requests', labels: { a: 'x"y' }, value: 2 },
    { ...common, name: 'g_bytes', type: 'gauge', unit: 'bytes', value: -1.5 },
    {
      ...common,
      name: 'h',
      type: 'histogram',
      value: 1,
      sum: 3,
      buckets: [
        { le: '1', count: 0 },
        { le: '+Inf', count: 1 },
      ],
    },
    {
      ...common,
      name: 's',
      type: 'summary',
      labels: { empty: 'true' },
      value: 0,
      sum: 0,
      quantiles: [{ quantile: 0.5, value: Number.NaN }],
    },
  ]);
  const json = JSON.parse(await collector.exportJson()) as { timestamp: number }[];
  const parsed = json.map(({ timestamp: _, ...metric }) => metric);
  t.same(parsed, JSON.parse(JSON.stringify(shown)), 'NaN is null in JSON');
});

test('exposition() shows all metrics or the named ones, in the text format', async (t) => {
  const collector = collectorFor(t);
  collector.counter('a').increment();
  collector.histogram('b', { buckets: [1] }).observe(1);
  const text = async (names?: string[]): Promise<string> =>
    Buffer.from((await collector.exposition({ format: 'prometheus', names })).body).toString();
  t.equal((await collector.exposition()).contentType, 'text/plain; version=0.0.4; charset=utf-8');
  t.match(await text(), /a 1\n[\s\S]*b_count 1\n/);
  t.equal(await text(['a']), '# TYPE a counter\na 1\n');
  t.match(await text(['b_sum']), /^# TYPE b histogram\n/);
  t.equal(await text([]), '');
  t.equal(await text(['nothing']), '');
  for (const options of [{ format: 'html' }, { format: null }, { name: ['a'] }, null, 'prometheus'])
    await t.rejects(collector.exposition(options as never), { code: 'RINGMETER_INVALID_OPTION' });
});

test('the names given to exposition() must be an array of strings', async (t) => {
  const collector = collectorFor(t);
  collector.counter('a').increment();
  for (const names of ['a', 7, null, {}, [7]])
    await t.rejects(collector.exposition({ names: names as never }), { code: 'RINGMETER_INVALID_OPTION' });
});

for (const flushWorkers of [0, 1])
  test(`close() with flushWorkers ${flushWorkers}: a second call does nothing more, and later calls throw RINGMETER_CLOSED`, async (t) => {
    const collector = collectorFor(t, { flushWorkers });
    const counter = collector.counter('c');
    counter.increment(3);
    const closing = collector.close();
    t.ok(collector.close() === closing, 'the second call waits for the first');
    await closing;
    await collector.close();
    const { flushes } = collector.stats();
    t.equal(flushes, 1, 'what was recorded was stored a last time');
    const closed = { code: 'RINGMETER_CLOSED', name: 'RingmeterError' };
    await t.rejects(collector.getAllMetrics(), closed);
    await t.rejects(collector.exportJson(), closed);
    await t.rejects(collector.exposition(), closed);
    await t.rejects(collector.flush(), closed);
    await t.rejects(collector.listen({ port: 0 }), closed);
    t.equal((await collector.collectAndStore()).unwrapErr().code, 'RINGMETER_CLOSED', 'this one never rejects');
    t.doesNotThrow(() => counter.increment(2), 'recording goes on');
    t.equal(counter.getValue(), 5);
    t.doesNotThrow(() => collector.gauge('later').set(1));
    conserves(t, collector, 3);
  });

test('a collector without storages stores nothing, and reports the number of series', async (t) => {
  const collector = collectorFor(t, { storage: [] });
  collector.counter('c').increment(1, { a: 1 });
  collector.counter('c').increment(1, { a: 2 });
  t.equal((await collector.collectAndStore()).unwrap(), 2);
  t.same(collector.storages, []);
  t.throws(() => collector.storage);
});

test('attachCollector refuses a value that is not a handle', async (t) => {
  const wrongVersion = new SharedArrayBuffer(4096);
  new Int32Array(wrongVersion).set([0x524d5452, 99]);
  for (const handle of [
    undefined,
    null,
    7,
    'handle',
    {},
    { arena: null },
    { arena: new ArrayBuffer(4096) },
    { arena: new SharedArrayBuffer(0) },
    { arena: new SharedArrayBuffer(8) },
    { arena: new SharedArrayBuffer(2 ** 20) },
    { arena: wrongVersion },
  ])
    refuses(t, () => attachCollector(handle as never), 'RINGMETER_INVALID_HANDLE', 'handle');
  t.throws(() => Arena.attach(undefined), { code: 'RINGMETER_INVALID_HANDLE' });
});

test('an attached collector has the same metrics, and records into the same series', async (t) => {
  const collector = collectorFor(t, { defaultLabels: { service: 'api' } });
  collector.counter('c', { labelNames: ['a'] }).increment(1, { a: 'x' });
  const attached = attachCollector(collector.handle);
  t.teardown(() => attached.close());
  t.ok(attachCollector(collector.handle) === attached, 'the same handle gives the same collector');
  attached.counter('c').increment(2, { a: 'x' });
  for (const each of [collector, attached]) each.stats();
  for (const each of [collector, attached])
    t.equal(each.counter('c').getValue({ a: 'x' }), 3, 'each sees what the other has published');
  refuses(t, () => attached.gauge('c'), 'RINGMETER_METRIC_CONFLICT');
  t.same([...(await samplesOf(attached))], [['c{a="x",service="api"}', 3]]);
  await attached.close();
  const again = attachCollector(collector.handle);
  t.teardown(() => again.close());
  t.same([...(await samplesOf(again))], [['c{a="x",service="api"}', 3]], 'a closed one is not handed out again');
  t.throws(() => again.storage, 'its storages are elsewhere');
});

test('label sets beyond the limit share an overflow series, which is counted and warned about once', async (t) => {
  const collector = collectorFor(t, { cardinalityLimit: 3 });
  const counter = collector.counter('c', { labelNames: ['user'] });
  for (let round = 0; round < 2; round++) for (let user = 0; user < 10; user++) counter.increment(1, { user });
  t.same(
    [...(await samplesOf(collector))],
    [
      ['c{user="0"}', 2],
      ['c{user="1"}', 2],
      ['c{user="2"}', 2],
      ['c{ringmeter_overflow="true"}', 14],
    ],
  );
  counter.labels({ user: 99 }).increment();
  t.equal(counter.getValue({ user: 77 }), 15, 'a bound handle beyond the limit is the overflow series');
  collector.histogram('h', { buckets: [1] }).observe(1, { a: 1 });
  t.equal((await samplesOf(collector)).get('h_count{a="1"}'), 1, 'the limit is for each metric');
  t.equal(collector.stats().series, 5);
  conserves(t, collector, 22);
  t.equal((await warned('RINGMETER_CARDINALITY')).length, 1);
  t.match(await warned('RINGMETER_CARDINALITY'), [
    /c has reached its cardinalityLimit of 3 series:.*newest 3 series of c have 3 values of the label user, such as "2"/,
  ]);
});

test("a full ring with onFull 'drop' counts what it drops exactly", async (t) => {
  for (const ringCapacity of [64, 256, 1024]) {
    const collector = collectorFor(t, { ringCapacity, onFull: 'drop' });
    const counter = collector.counter('c');
    for (let index = 0; index < 10 * ringCapacity; index++) counter.increment();
    const stats = collector.stats();
    t.same(
      [stats.recorded, stats.folded, stats.foldedInPlace, stats.dropped, stats.ringHighWaterMark],
      [10 * ringCapacity, ringCapacity, 0, 9 * ringCapacity, ringCapacity],
    );
    t.equal(counter.getValue(), ringCapacity);
    for (let index = 0; index < 128 + ringCapacity; index++) counter.increment();
    t.ok(counter.getValue() > ringCapacity, 'when the ring has room again it takes events again');
    const { folded, dropped } = collector.stats();
    t.equal(folded + dropped, 11 * ringCapacity + 128);
    t.equal(counter.getValue(), folded);
  }
  t.equal((await warned('RINGMETER_DROPPED')).length, 1);
});

test("a full ring with onFull 'fold' loses nothing, and takes no more memory", async (t) => {
  const collector = collectorFor(t, { ringCapacity: 64 });
  const counter = collector.counter('c');
  const histogram = collector.histogram('h', { buckets: [10, 20] });
  for (let index = 0; index < 100; index++) counter.increment();
  const { bytes } = collector.stats();
  for (let index = 0; index < 100_000; index++) {
    counter.increment(2);
    histogram.observe(index % 30);
  }
  const stats = collector.stats();
  t.same([stats.recorded, stats.folded, stats.dropped], [200_100, 200_100, 0]);
  t.ok(stats.foldedInPlace > 190_000, `${stats.foldedInPlace} were folded in place`);
  t.equal(counter.getValue(), 200_100);
  const value = histogram.getValue();
  t.equal(value.count, 100_000);
  t.ok(stats.bytes - bytes <= 2 * 2 ** 15, 'a page of cells and one of overflow cells at most');
});

test('in a full arena new label sets share the overflow series, and nothing throws', async (t) => {
  const maxMemory = 2 ** 20;
  const collector = collectorFor(t, { maxMemory, ringCapacity: 64, maxThreads: 2, cardinalityLimit: 2 ** 24 });
  const counter = collector.counter('c', { labelNames: ['index'] });
  let calls = 0;
  t.doesNotThrow(() => {
    for (; calls < 50_000; calls++) counter.increment(1, { index: calls });
  });
  const stats = collector.stats();
  conserves(t, collector, calls);
  t.equal(stats.dropped, 0);
  t.ok(counter.getValue({ index: 'another' }) > 40_000, 'most are in the overflow series');
  t.ok(stats.bytes <= maxMemory && stats.maxMemory <= maxMemory, `${stats.bytes} bytes used`);
  t.match(await warned('RINGMETER_OUT_OF_MEMORY'), [
    /no new series for c: maxMemory is full.*values of the label index/,
  ]);
});

test('in a full arena every record is in a series or counted as dropped', async (t) => {
  for (const type of ['counter', 'gauge', 'histogram', 'summary'] as const) {
    const collector = collectorFor(t, {
      maxMemory: 2 ** 20,
      ringCapacity: 64,
      maxThreads: 1,
      cardinalityLimit: 2 ** 24,
    });
    const first = collector.counter('first');
    first.increment(5);
    const second = collector.histogram('second', { buckets: [1] });
    second.observe(0.5);
    let calls = 2;
    for (let index = 0; index < 20_000; index++, calls++) {
      if (type === 'counter') collector.counter('m').increment(1, { index });
      else if (type === 'gauge') collector.gauge('m').increment(1, { index });
      else if (type === 'histogram') collector.histogram('m', { buckets: [1, 2] }).observe(1, { index });
      else collector.summary('m').observe(1, { index });
    }
    conserves(t, collector, calls);
    t.equal(first.getValue(), 5, `first, after many a ${type}`);
    t.same([second.getValue().count, second.getValue().sum], [1, 0.5], `second, after many a ${type}`);
    const all = (await collector.getAllMetrics()).filter(({ name }) => name === 'm');
    const { folded } = collector.stats();
    t.ok(all.some(({ labels }) => labels.ringmeter_overflow === 'true'));
    t.equal(
      all.reduce((sum, { value }) => sum + value, 0),
      folded - 2,
      `${type}: folded is what is in the series`,
    );
    await collector.close();
  }
});

test('a thread without a shard counts its records as dropped, and takes no memory for them', async (t) => {
  const arena = Arena.create({ maker: 1, maxMemory: 2 ** 21, ringCapacity: 65_536, maxThreads: 4, settings: {} });
  const [owner, without] = [new Recorder(arena, 'fold'), new Recorder(arena, 'fold')];
  t.teardown(() => {
    owner.close();
    without.close();
  });
  owner.record(0, 0, 1);
  const bytes = arena.bytesUsed();
  for (let index = 0; index < 10_000; index++) without.record(0, 0, 1);
  t.equal(arena.counted(HEADER.LOST), 10_000);
  t.equal(arena.bytesUsed(), bytes);
});

test('a thread without a shard cannot change the gauges of the others', async (t) => {
  const collector = collectorFor(t, { maxThreads: 1 });
  const gauge = collector.gauge('g');
  gauge.set(100);
  for (let round = 1; round <= 4; round++) {
    const other = new Worker("require('ringmeter').getMetricsCollector().gauge('g').set(7)", {
      eval: true,
      execArgv: ['--no-warnings'],
    });
    await once(other, 'exit');
    gauge.increment();
    t.equal(gauge.getValue(), 100 + round, `after ${round} refused sets`);
  }
  t.equal(collector.stats().dropped, 4);
});

test('recorded events are drained without a scrape or a read', async (t) => {
  for (const flushWorkers of [0, 1]) {
    const collector = collectorFor(t, { flushWorkers, ringCapacity: 64, onFull: 'drop' });
    const counter = collector.counter('c');
    // looks at the shard itself: stats() and getValue() would drain it
    const [shard] = openShards(Arena.attach(collector.handle.arena));
    for (let burst = 1; burst <= 5; burst++) {
      for (let index = 0; index < 60; index++) counter.increment();
      await until(`burst ${burst} is folded`, () => shard.folded === 60 * burst);
    }
    t.equal(counter.getValue(), 300);
    t.equal(collector.stats().dropped, 0);
  }
});
