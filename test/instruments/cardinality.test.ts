import { test } from 'tap';
import { flood } from './flood';
import { collectorFor, refuses, samplesOf } from './support';

const warnings: string[] = [];
process.on('warning', ({ message }) => warnings.push(message));
const warned = async (): Promise<string[]> => {
  await new Promise((resolve) => setImmediate(resolve));
  return warnings.splice(0);
};

test('a million different label sets take bounded memory, give a readable warning, and do not slow recording down', async (t) => {
  await flood(t, 1_000_000);
  const [warning, ...others] = await warned();
  t.same(others, []);
  t.match(
    warning,
    /^requests_total has reached its cardinalityLimit of 10000 series: further label sets go to .*ringmeter_overflow="true".* The newest 1024 series of requests_total have 1024 values of the label path, such as "\/\d+\/x"$/,
  );
});

test('the limits count the series that exist at the time', async (t) => {
  const collector = collectorFor(t, { cardinalityLimit: 100 });
  const counter = collector.counter('c', { labelNames: ['a'] as const, cardinalityLimit: 3 });
  const other = collector.counter('other', { labelNames: ['a'] as const });
  const shown = async (): Promise<string[]> =>
    [...(await samplesOf(collector))].filter(([line]) => line.startsWith('c{')).map((sample) => sample.join(' '));
  for (let a = 0; a < 5; a++) for (const metric of [counter, other]) metric.increment(1, { a });
  t.same(await shown(), ['c{a="0"} 1', 'c{a="1"} 1', 'c{a="2"} 1', 'c{ringmeter_overflow="true"} 2']);
  counter.remove({ a: 1 });
  counter.increment(1, { a: 5 });
  counter.increment(1, { a: 6 });
  t.same(await shown(), ['c{a="0"} 1', 'c{a="2"} 1', 'c{ringmeter_overflow="true"} 3', 'c{a="5"} 1']);
  // one that was removed is a new one, whose place has been taken
  counter.increment(1, { a: 1 });
  t.same(await shown(), ['c{a="0"} 1', 'c{a="2"} 1', 'c{ringmeter_overflow="true"} 4', 'c{a="5"} 1']);
  t.equal(counter.clear(), 4);
  for (let a = 10; a < 15; a++) counter.increment(1, { a });
  t.same(await shown(), ['c{ringmeter_overflow="true"} 2', 'c{a="10"} 1', 'c{a="11"} 1', 'c{a="12"} 1']);
  t.equal((await samplesOf(collector)).get('other{a="4"}'), 1, 'the limit was that of one metric');
  t.equal((await warned()).length, 1, 'one warning, however often it is reached');
  refuses(t, () => collector.counter('c', { cardinalityLimit: 4 }), 'RINGMETER_METRIC_CONFLICT', 'cardinalityLimit');
  refuses(t, () => collector.counter('c', { ttl: 4 }), 'RINGMETER_METRIC_CONFLICT', 'ttl');
  for (const options of [{ cardinalityLimit: 0 }, { cardinalityLimit: 1.5 }, { ttl: 0 }, { ttl: -1 }, { ttl: '1' }])
    refuses(t, () => collector.counter('bad', options as never), 'RINGMETER_INVALID_OPTION', Object.keys(options)[0]);
  refuses(t, () => collectorFor(t, { seriesLimit: 0 }), 'RINGMETER_INVALID_OPTION', 'seriesLimit');
});

test('the warning of seriesLimit names the metric with the most series', async (t) => {
  const collector = collectorFor(t, { seriesLimit: 60, cardinalityLimit: 50 });
  const many = collector.gauge('many', { labelNames: ['id', 'kind'] as const });
  const few = collector.counter('few', { labelNames: ['a'] as const });
  for (let id = 0; id < 50; id++) many.set(1, { id, kind: 'k' });
  for (let a = 0; a < 20; a++) few.increment(1, { a });
  t.equal((await samplesOf(collector)).get('few{ringmeter_overflow="true"}'), 10);
  t.equal(collector.stats().series, 61);
  t.match(await warned(), [
    /no new series for few: all metrics together have reached the seriesLimit of 60.*newest 50 series of many have 50 values of the label id, such as "49"/,
  ]);
  many.removeMatching(({ id }) => Number(id) < 5);
  for (let a = 20; a < 30; a++) few.increment(1, { a });
  t.equal((await samplesOf(collector)).get('few{ringmeter_overflow="true"}'), 16, 'four found room');
});

test('cardinality() ranks metrics and labels', async (t) => {
  for (const flushWorkers of [0, 1]) {
    const collector = collectorFor(t, { flushWorkers, storage: [], cardinalityLimit: 40 });
    const a = collector.counter('a', { labelNames: ['id', 'code'] as const, ttl: 1_000 });
    const b = collector.histogram('b', { labelNames: ['id'] as const, cardinalityLimit: 5 });
    const c = collector.summary('c');
    for (let id = 0; id < 30; id++) a.increment(1, { id, code: id % 3 });
    for (let id = 0; id < 8; id++) b.observe(1, { id });
    c.observe(1);
    a.removeMatching({ code: 0 });
    const { metrics, ...total } = await collector.cardinality();
    t.match(metrics, [
      { name: 'a', type: 'counter', series: 20, limit: 40, ttl: 1_000, removed: 10, overflowed: 0 },
      { name: 'b', type: 'histogram', series: 6, limit: 5, ttl: 0, removed: 0, overflowed: 3 },
      { name: 'c', type: 'summary', series: 1, limit: 40, labels: [] },
    ]);
    t.same(metrics[0].labels, [
      { name: 'id', values: 20, examples: ['1', '2', '4'] },
      { name: 'code', values: 2, examples: ['1', '2'] },
    ]);
    t.match(total, { series: 27, limit: 1_000_000, removed: 10, overflowed: 3, maxMemory: 256 * 2 ** 20 });
    t.equal(
      total.bytes,
      metrics.reduce((sum, { bytes }) => sum + bytes, 0),
    );
    t.ok(metrics.every(({ bytes, series }) => bytes > series * 64) && total.bytes < total.arenaBytes);
    await collector.close();
  }
  await warned();
});

test('when the arena is full of removed series, label sets that are recorded again find their series', async (t) => {
  const collector = collectorFor(t, { maxMemory: 2 ** 21, ringCapacity: 64, maxThreads: 1, cardinalityLimit: 500 });
  const counter = collector.counter('c', { labelNames: ['a'] as const });
  let shared = false;
  for (let round = 0; round < 100 && !shared; round++) {
    for (let a = 0; a < 400; a++) counter.increment(1, { a: `${round} ${a}` });
    shared = (await samplesOf(collector)).has('c{ringmeter_overflow="true"}');
    counter.clear();
  }
  t.ok(shared, 'the arena has become full');
  const { series, bytes, maxMemory } = collector.stats();
  t.equal(series, 0);
  t.ok(bytes <= maxMemory);
  for (let a = 0; a < 400; a++) counter.increment(2, { a: `0 ${a}` });
  const samples = await samplesOf(collector);
  t.equal(samples.size, 400);
  t.ok([...samples.values()].every((value) => value === 2));
  t.match(await warned(), [/no new series for c: maxMemory is full/]);
});
