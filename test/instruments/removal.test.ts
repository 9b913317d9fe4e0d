import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { MetricsCollector } from 'ringmeter';
import { test } from 'tap';
import { Arena } from '../../dist/src/arena/arena.js';
import { lockLives, unlockLives } from '../../dist/src/arena/lives.js';
import { collectorFor, conserves, refuses, samplesOf, until } from './support';

/** One metric of each type, and how to record 1 with it. */
const METRICS = {
  counter(collector: MetricsCollector) {
    const metric = collector.counter('m', { labelNames: ['a', 'b'] });
    return { metric, record: (a: string) => metric.increment(1, { a, b: 1 }), shown: ['m'] };
  },
  gauge(collector: MetricsCollector) {
    const metric = collector.gauge('m', { labelNames: ['a', 'b'] });
    return { metric, record: (a: string) => metric.increment(1, { a, b: 1 }), shown: ['m'] };
  },
  'gauge that is set': (collector: MetricsCollector) => {
    const metric = collector.gauge('m', { labelNames: ['a', 'b'] });
    return { metric, record: (a: string) => metric.set(1, { a, b: 1 }), shown: [] };
  },
  histogram(collector: MetricsCollector) {
    const metric = collector.histogram('m', { labelNames: ['a', 'b'], buckets: [1, 2] });
    return {
      metric,
      record: (a: string) => metric.observe(1, { a, b: 1 }),
      shown: ['m_count', 'm_sum', 'm_bucket'],
    };
  },
  summary(collector: MetricsCollector) {
    const metric = collector.summary('m', { labelNames: ['a', 'b'] });
    return { metric, record: (a: string) => metric.observe(1, { a, b: 1 }), shown: ['m_count', 'm_sum'] };
  },
};

async function labelSets(collector: MetricsCollector): Promise<string[]> {
  const all = await collector.getAllMetrics();
  const found = all.filter(({ name }) => name === 'm').map(({ labels }) => labels.a);
  const lines = [...(await samplesOf(collector)).keys()].map((line) => /a="(\w+)"/.exec(line)?.[1]);
  const scraped = [...new Set(lines.filter((value) => value !== undefined))];
  if (`${scraped}` !== `${found}`) throw new Error(`a scrape shows ${scraped}, getAllMetrics ${found}`);
  return scraped.sort() as string[];
}

for (const [type, make] of Object.entries(METRICS)) {
  test(`a ${type}: a removed series is not shown, and begins again from zero`, async (t) => {
    const collector = collectorFor(t);
    const { metric, record, shown } = make(collector);
    const handle = metric.labels({ a: 'x', b: 1 });
    for (const a of ['x', 'y', 'z']) for (let times = 0; times < 3; times++) record(a);
    t.same(await labelSets(collector), ['x', 'y', 'z']);
    t.equal(collector.stats().series, 3);
    t.equal(metric.remove({ a: 'x', b: 1 }), true);
    t.equal(metric.remove({ a: 'x', b: 1 }), false, 'it is gone');
    t.equal(metric.remove({ a: 'never', b: 1 }), false);
    t.same(await labelSets(collector), ['y', 'z']);
    t.equal(collector.stats().series, 2);
    if ('increment' in handle) handle.increment(1);
    else handle.observe(1);
    t.same(await labelSets(collector), ['x', 'y', 'z'], 'a handle that was kept goes on');
    t.equal(collector.stats().series, 3);
    for (const name of shown)
      for (const [line, value] of await samplesOf(collector))
        if (line.startsWith(`${name}{`) && line.includes('a="x"')) t.equal(value, 1, line);
    t.equal(metric.removeMatching({ a: 'y' }), 1);
    t.equal(
      metric.removeMatching((labels) => labels.a === 'z' && labels.b === '1'),
      1,
    );
    t.same(await labelSets(collector), ['x']);
    record('z');
    t.equal(metric.clear(), 2);
    t.equal(metric.clear(), 0);
    t.same(await labelSets(collector), []);
    record('y');
    t.same(await labelSets(collector), ['y'], 'by its labels too');
    conserves(t, collector, 12);
  });

  test(`a ${type}: a reset series stays, and begins again from zero`, async (t) => {
    const collector = collectorFor(t);
    const { metric, record, shown } = make(collector);
    for (const a of ['x', 'y']) for (let times = 0; times < 3; times++) record(a);
    metric.remove({ a: 'y', b: 1 });
    metric.reset();
    t.same(await labelSets(collector), ['x'], 'what was removed is not shown again');
    for (const name of shown)
      for (const [line, value] of await samplesOf(collector)) if (line.startsWith(`${name}{`)) t.equal(value, 0, line);
    record('x');
    collector.reset();
    record('x');
    for (const name of shown)
      for (const [line, value] of await samplesOf(collector)) if (line.startsWith(`${name}{`)) t.equal(value, 1, line);
    t.equal(collector.clear(), 1);
    t.same(await labelSets(collector), []);
  });
}

test('getValue() reads only the records since the last removal or reset', async (t) => {
  const collector = collectorFor(t);
  const [counter, gauge] = [collector.counter('c'), collector.gauge('g')];
  const [histogram, summary] = [collector.histogram('h', { buckets: [1] }), collector.summary('s')];
  for (let life = 1; life <= 4; life++) {
    for (let times = 0; times < life; times++) {
      counter.increment(2);
      gauge.increment(3);
      histogram.observe(4);
      summary.observe(5 * life);
    }
    t.equal(counter.getValue(), 2 * life);
    t.equal(gauge.getValue(), 3 * life);
    t.same([histogram.getValue().count, histogram.getValue().sum], [life, 4 * life]);
    const { count, min, max, sum } = summary.getStatistics();
    t.same([count, min, max, sum], [life, 5 * life, 5 * life, 5 * life * life], 'the window holds nothing older');
    if (life % 2 === 0) collector.reset();
    else collector.clear();
    t.same([counter.getValue(), gauge.getValue(), histogram.getValue().count], [0, 0, 0]);
    t.equal(summary.getStatistics().count, 0);
  }
  gauge.set(7);
  gauge.increment(1);
  gauge.reset();
  gauge.decrement(2);
  t.equal(gauge.getValue(), -2, 'what was set and added before does not count');
  gauge.set(4);
  t.equal(gauge.getValue(), 4);
});

test('the same with a full ring, where records are folded in place', async (t) => {
  const collector = collectorFor(t, { ringCapacity: 64 });
  const metrics = {
    c: collector.counter('c'),
    h: collector.histogram('h', { buckets: [1] }),
    s: collector.summary('s'),
    g: collector.gauge('g'),
  };
  for (let life = 0; life < 5; life++) {
    for (let times = 0; times < 1_000; times++) {
      metrics.c.increment();
      metrics.h.observe(1);
      metrics.s.observe(life);
      metrics.g.increment();
    }
    t.same([metrics.c.getValue(), metrics.h.getValue().count, metrics.g.getValue()], [1_000, 1_000, 1_000]);
    const { min, max } = metrics.s.getStatistics();
    t.same([min, max], [life, life]);
    collector.clear();
  }
  t.ok(collector.stats().foldedInPlace > 15_000);
});

test('another thread removes, and others begin again', async (t) => {
  const collector = collectorFor(t);
  const counter = collector.counter('c', { labelNames: ['a'] });
  const handle = counter.labels({ a: 1 });
  handle.increment(5);
  collector.stats();
  const code = `
    const counter = require('ringmeter').attachCollector(require('node:worker_threads').workerData).counter('c');
    require('node:worker_threads').parentPort.postMessage([counter.removeMatching({ a: 1 }), counter.getValue({ a: 2 })]);
  `;
  const worker = new Worker(code, { eval: true, workerData: collector.handle, execArgv: ['--no-warnings'] });
  const ended = once(worker, 'exit');
  t.same((await once(worker, 'message'))[0], [1, 0]);
  await ended;
  t.equal(handle.getValue(), 0);
  handle.increment(2);
  t.equal((await samplesOf(collector)).get('c{a="1"}'), 2);
});

test('remove() and removeMatching() refuse wrong labels, and pass on errors of the condition', async (t) => {
  const collector = collectorFor(t);
  const counter = collector.counter('c', { labelNames: ['a'] as const });
  counter.increment(1, { a: 1 });
  refuses(t, () => counter.remove({ b: 1 } as never), 'RINGMETER_INVALID_LABELS', 'unknown label "b"');
  refuses(t, () => counter.remove({}), 'RINGMETER_INVALID_LABELS', 'label a is missing');
  refuses(t, () => counter.removeMatching({ b: 1 } as never), 'RINGMETER_INVALID_LABELS', '"b"');
  refuses(t, () => counter.removeMatching({ a: {} } as never), 'RINGMETER_INVALID_LABELS', 'label a must be');
  refuses(t, () => counter.removeMatching(7 as never), 'RINGMETER_INVALID_LABELS', 'an object or a function');
  const thrown = new Error('by the condition');
  t.throws(
    () =>
      counter.removeMatching(() => {
        throw thrown;
      }),
    thrown,
  );
  t.equal(counter.getValue({ a: 1 }), 1, 'nothing was removed');
  const free = collector.counter('free');
  free.increment();
  free.increment(1, { x: 1 });
  t.equal(free.removeMatching({ x: '' }), 1, 'those without the label');
  t.equal(free.remove(), false);
  t.equal(free.removeMatching({}), 1, 'all that are left');

  const arena = Arena.attach(collector.handle.arena);
  t.ok(lockLives(arena, 4_711, 0));
  refuses(t, () => counter.remove({ a: 1 }), 'RINGMETER_BUSY', 'another thread');
  t.equal((await samplesOf(collector)).get('c{a="1"}'), 1, 'a scrape does not wait for it');
  unlockLives(arena);
  t.equal(counter.remove({ a: 1 }), true);
});

test("the library's own metrics, and default labels", async (t) => {
  const collector = collectorFor(t, { defaultLabels: { env: 'test' } });
  const counter = collector.counter('c', { labelNames: ['a'] as const });
  counter.increment(1, { a: 1 });
  counter.increment(1, { a: 2 });
  t.equal(counter.removeMatching({ env: 'other' } as never), 0);
  t.equal(counter.remove({ a: 1 }), true);
  t.equal(counter.removeMatching({ env: 'test' } as never), 1);
});

test('a series that is not recorded for its ttl is removed, whichever thread collects', async (t) => {
  for (const flushWorkers of [0, 1]) {
    const collector = collectorFor(t, { flushWorkers });
    const counter = collector.counter('c', { labelNames: ['a'], ttl: 0.4 });
    const gauge = collector.gauge('g', { labelNames: ['a'], ttl: 0.4 });
    const other = collector.counter('other');
    other.increment();
    counter.increment(3, { a: 'idle' });
    gauge.set(3, { a: 'idle' });
    const record = (): void => {
      counter.increment(1, { a: 'busy' });
      gauge.set(1, { a: 'busy' });
    };
    record();
    const busy = setInterval(record, 20);
    t.teardown(() => clearInterval(busy));
    // nobody asks for a snapshot
    await until('the idle ones are removed', () => collector.stats().series === 3);
    const samples = await samplesOf(collector);
    t.same([...samples.keys()].sort(), ['c{a="busy"}', 'g{a="busy"}', 'other']);
    t.ok(samples.get('c{a="busy"}')! >= 5, 'what goes on keeps its value');
    counter.increment(1, { a: 'idle' });
    t.equal((await samplesOf(collector)).get('c{a="idle"}'), 1);
    clearInterval(busy);
    await until('all of them are removed', () => collector.stats().series === 1);
    t.equal(counter.getValue({ a: 'busy' }), 0);
    await collector.close();
  }
});
