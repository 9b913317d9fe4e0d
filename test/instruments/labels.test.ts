import type { MetricsCollector } from 'ringmeter';
import { test } from 'tap';
import { collectorFor, conserves, samplesOf } from './support';

test('numbers and booleans are the same label values as their strings', async (t) => {
  const collector = collectorFor(t);
  const counter = collector.counter('c', { labelNames: ['status', 'cached'] });
  counter.labels({ status: 200, cached: true }).increment();
  counter.increment(1, { status: '200', cached: 'true' });
  counter.increment(1, { status: 200, cached: 'true' });
  counter.labels({ status: '200', cached: true }).increment();
  t.same([...(await samplesOf(collector))], [['c{cached="true",status="200"}', 4]]);
  const odd = collector.gauge('g');
  for (const value of [-0, 0, '0']) odd.increment(1, { value });
  for (const value of [Number.NaN, 'NaN']) odd.increment(1, { value });
  for (const value of [1e21, '1e+21']) odd.increment(1, { value });
  t.equal(odd.getValue({ value: 0 }), 3);
  t.equal(odd.getValue({ value: 'NaN' }), 2);
  t.equal(odd.getValue({ value: 1e21 }), 2);
});

test('the order of names in a label object does not matter', async (t) => {
  const collector = collectorFor(t);
  for (const [name, options] of [
    ['fixed', { labelNames: ['c', 'a', 'b'] }],
    ['free', {}],
  ] as const) {
    const counter = collector.counter(name, options);
    const orders = [
      { a: '1', b: '2', c: '3' },
      { c: '3', b: '2', a: '1' },
      { b: '2', a: '1', c: '3' },
    ];
    for (let round = 0; round < 3; round++)
      for (const labels of orders) {
        counter.increment(1, labels);
        counter.labels(labels).increment();
      }
    t.equal(counter.getValue(orders[0]), 18);
  }
  t.same([...(await samplesOf(collector)).keys()], ['fixed{a="1",b="2",c="3"}', 'free{a="1",b="2",c="3"}']);
});

test('label objects may have no prototype, a prototype, be frozen, or be instances of a class', async (t) => {
  const collector = collectorFor(t);
  const counter = collector.counter('c', { labelNames: ['method'] });
  class Route {
    method = 'GET';
    describe(): string {
      return 'not a label';
    }
  }
  const bare = Object.assign(Object.create(null), { method: 'GET' });
  for (const labels of [bare, Object.freeze({ method: 'GET' }), new Route(), new Proxy({ method: 'GET' }, {})]) {
    counter.increment(1, labels);
    counter.increment(1, labels);
    counter.labels(labels).increment();
  }
  t.equal(counter.getValue({ method: 'GET' }), 12);
  conserves(t, collector, 12);
});

test('label sets that look alike when joined are different series', async (t) => {
  const collector = collectorFor(t);
  const counter = collector.counter('c');
  const sets = [
    { a: 'x|y', b: 'z' },
    { a: 'x', b: 'y|z' },
    { a: '1,b:2', b: '3' },
    { a: '1', b: '2,b:3' },
    { a: 'x' },
    { b: 'x' },
    { ab: 'x' },
    { a: 'bx' },
    { a: '1","b":"2' },
    {},
  ] as Record<string, string>[];
  sets.forEach((labels, index) => {
    for (let times = 0; times <= index; times++) counter.increment(1, labels);
  });
  sets.forEach((labels, index) => {
    t.equal(counter.getValue(labels), index + 1, JSON.stringify(labels));
  });
  t.equal((await samplesOf(collector)).size, sets.length);
});

test('any text can be a label value, and is escaped in the exposition', async (t) => {
  const collector = collectorFor(t);
  const counter = collector.counter('c');
  const texts = [' ', '"', '\\', '\n', '\\n', '\r\n', '\0', 'é', '😀', '}', '{a="b"}', '\u2028', '# HELP x'];
  texts.forEach((text, index) => {
    counter.increment(index + 1, { text });
  });
  texts.forEach((text, index) => {
    t.equal(counter.getValue({ text }), index + 1, `text ${index}`);
  });
  const escaped = (text: string): string => text.replace(/[\\"\n]/g, (c) => (c === '\n' ? '\\n' : `\\${c}`));
  const samples = await samplesOf(collector);
  texts.forEach((text, index) => {
    t.equal(samples.get(`c{text="${escaped(text)}"}`), index + 1);
  });
  t.same(
    (await collector.getAllMetrics()).map(({ labels }) => labels.text),
    texts,
  );
});

test('labels are copied: changing the object later changes nothing', async (t) => {
  const collector = collectorFor(t);
  const counter = collector.counter('c');
  const labels = { a: '1' };
  const bound = counter.labels(labels);
  counter.increment(1, labels);
  labels.a = '2';
  bound.increment();
  counter.increment(10, labels);
  t.same(
    [...(await samplesOf(collector))],
    [
      ['c{a="1"}', 2],
      ['c{a="2"}', 10],
    ],
  );
});

test('a getter that returns another value each time is read once, and does not affect later records', async (t) => {
  const collector = collectorFor(t);
  const counter = collector.counter('c');
  counter.increment(1, { a: 'first' });
  let reads = 0;
  const shifty = {
    get a() {
      return String(++reads);
    },
  };
  counter.increment(1, shifty);
  counter.labels(shifty).increment();
  for (let value = 1; value <= 10; value++) counter.increment(100, { a: value });
  const samples = await samplesOf(collector);
  let strays = 0;
  for (let value = 1; value <= 10; value++) strays += samples.get(`c{a="${value}"}`)! - 100;
  t.equal(strays, 2, 'the two records are in some series each, and all the others are where they belong');
  for (let value = 1; value <= 10; value++)
    t.ok([100, 101, 102].includes(samples.get(`c{a="${value}"}`)!), `a="${value}"`);
});

const metrics = (collector: MetricsCollector) => ({
  counter: collector.counter('labelled_counter', { labelNames: ['a'] }),
  gauge: collector.gauge('labelled_gauge', { labelNames: ['a'] }),
  histogram: collector.histogram('labelled_histogram', { labelNames: ['a'] }),
  summary: collector.summary('labelled_summary', { labelNames: ['a'] }),
});

test('a metric with label names takes no record without labels', async (t) => {
  const collector = collectorFor(t);
  const { counter, gauge, histogram, summary } = metrics(collector);
  counter.increment();
  gauge.set(1);
  gauge.increment();
  gauge.decrement();
  histogram.observe(1);
  summary.observe(1);
  conserves(t, collector, 6);
  t.equal(collector.stats().invalid, 6);
  t.equal((await samplesOf(collector)).size, 0);
});

test('labels() refuses a wrong label set with a code', async (t) => {
  const all = Object.values(metrics(collectorFor(t)));
  for (const metric of all)
    for (const [labels, says] of [
      [{}, 'label a is missing'],
      [{ a: '1', b: '2' }, 'unknown label "b"'],
      [{ b: '2' }, 'unknown label "b"'],
      [null, 'got null'],
      [undefined, 'got undefined'],
      ['a', 'got "a"'],
      [['a'], 'got an array of 1'],
      [{ a: null }, 'got null'],
      [{ a: undefined }, 'got undefined'],
      [{ a: {} }, 'got an object'],
      [{ a: ['1'] }, 'got an array of 1'],
      [{ a: 1n }, 'got 1n'],
      [{ a: Symbol('s') }, 'got Symbol(s)'],
      [{ a: () => '1' }, 'got a function'],
      [{ a: 'x'.repeat(2 ** 20) }, 'at most 65536 characters'],
    ] as const) {
      const label = `${metric.type}: ${says}`;
      t.throws(
        () => metric.labels(labels as never),
        { code: 'RINGMETER_INVALID_LABELS', name: 'RingmeterError' },
        label,
      );
      t.throws(() => metric.labels(labels as never), new RegExp(says.replace(/[()[\]]/g, '\\$&')), label);
    }
});
