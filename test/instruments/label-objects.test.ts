import fc from 'fast-check';
import { test } from 'tap';
import { collectorFor, conserves, samplesOf } from './support';

const INHERITED = ['constructor', 'toString', 'valueOf', 'hasOwnProperty', 'isPrototypeOf', 'then', 'length', 'name'];

test('names and values that every object has are labels like any other', async (t) => {
  const collector = collectorFor(t, { defaultLabels: { constructor: 'default' } });
  const free = collector.counter('free');
  const fixed = collector.counter('fixed', { labelNames: INHERITED });
  for (const name of INHERITED)
    for (let times = 0; times < 3; times++) for (const value of INHERITED) free.increment(1, { [name]: value });
  const all = Object.fromEntries(INHERITED.map((name) => [name, `${name}!`]));
  for (let times = 0; times < 3; times++) fixed.increment(1, all as never);
  fixed.increment(1, {} as never);
  t.equal(collector.stats().invalid, 1);
  for (const name of INHERITED) for (const value of INHERITED) t.equal(free.getValue({ [name]: value }), 3);
  const metrics = await collector.getAllMetrics();
  t.equal(metrics.filter(({ name }) => name === 'free').length, INHERITED.length ** 2);
  const labels = metrics.find(({ name }) => name === 'fixed')?.labels as Record<string, string>;
  t.same(Object.entries(labels).sort(), Object.entries(all).sort());
  t.equal(JSON.parse(await collector.exportJson()).length, metrics.length);
  t.equal((await samplesOf(collector)).size, metrics.length);
});

test('__proto__ is not accepted as a label name in any form, and changes no prototype', async (t) => {
  const collector = collectorFor(t);
  const counter = collector.counter('c');
  counter.increment(1, JSON.parse('{"__proto__": "x"}'));
  counter.increment(1, Object.defineProperty({}, '__proto__', { value: 'x', enumerable: true }) as never);
  counter.increment(1, JSON.parse('{"a": "1", "__proto__": {"b": "2"}}'));
  t.equal(collector.stats().invalid, 3);
  t.throws(() => counter.labels(JSON.parse('{"__proto__": "x"}')), { code: 'RINGMETER_INVALID_LABEL_NAME' });
  t.throws(() => collector.counter('d', { labelNames: ['__proto__'] }), { code: 'RINGMETER_INVALID_LABEL_NAME' });
  t.equal(({} as { b?: string }).b, undefined);
  for (const value of ['__proto__', 'constructor']) counter.increment(1, { a: value });
  t.equal(counter.getValue({ a: '__proto__' }), 1);
  conserves(t, collector, 5);
});

test('a label object of ten thousand names is one series or refused, and costs the next ones nothing', async (t) => {
  const collector = collectorFor(t, { cardinalityLimit: 3 });
  const free = collector.counter('free');
  const fixed = collector.counter('fixed', { labelNames: ['n1'] });
  const wide = (count: number, value: string): Record<string, string> =>
    Object.fromEntries(Array.from({ length: count }, (_, name) => [`n${name}`, value]));
  const start = performance.now();
  for (let times = 0; times < 5; times++) {
    free.increment(1, wide(10_000, 'v'));
    free.increment(1, wide(20_000, 'v'));
    free.increment(1, wide(10_000, ''));
    fixed.increment(1, wide(10_000, 'v') as never);
  }
  t.ok(performance.now() - start < 5_000, 'in no time that grows with the square');
  t.equal(collector.stats().invalid, 10, 'one is too long, and one has unknown names');
  t.equal(free.getValue(wide(10_000, 'v')), 5);
  t.equal(free.getValue({}), 5, 'empty labels are none');
  conserves(t, collector, 20);
});

test('label names that look like array indexes are refused, although objects list them first', async (t) => {
  const collector = collectorFor(t);
  const counter = collector.counter('c');
  counter.increment(1, { b: '1', 2: 'x', a: '1' } as never);
  counter.increment(1, { b: '1', a: '1' });
  counter.increment(1, { b: '1', 1: 'x' } as never);
  t.equal(collector.stats().invalid, 2);
  t.equal(counter.getValue({ a: '1', b: '1' }), 1);
});

test('properties that are not enumerable, and symbols, are not labels', async (t) => {
  const collector = collectorFor(t);
  const counter = collector.counter('c', { labelNames: ['a'] });
  const odd = Object.defineProperty({ a: '1', [Symbol('b')]: '2' }, 'hidden', { value: '3', enumerable: false });
  for (const labels of [odd, Object.freeze({ ...odd }), Object.seal({ ...odd })])
    for (let times = 0; times < 3; times++) counter.increment(1, labels);
  t.equal(counter.getValue({ a: '1' }), 9);
});

test('a getter that records something itself, also in the same metric, leaves both records as they are', async (t) => {
  const collector = collectorFor(t);
  const counter = collector.counter('c');
  const nested = (depth: number): Record<string, string> => ({
    a: `outer${depth}`,
    get b() {
      if (depth > 0) counter.increment(1, nested(depth - 1));
      return `inner${depth}`;
    },
    c: '1',
  });
  for (let times = 0; times < 3; times++) counter.increment(1, nested(3));
  const samples = await samplesOf(collector);
  t.same(
    [0, 1, 2, 3].map((depth) => samples.get(`c{a="outer${depth}",b="inner${depth}",c="1"}`)),
    [3, 3, 3, 3],
  );
  t.equal(samples.size, 4);
  conserves(t, collector, 12);
});

test('a getter that throws halfway does not affect later records', async (t) => {
  const collector = collectorFor(t);
  const counter = collector.counter('c');
  for (let times = 0; times < 3; times++) {
    counter.increment(1, { a: '1', b: '2' });
    counter.increment(1, {
      b: 'no',
      get c(): string {
        throw new Error('from user code');
      },
    });
    counter.increment(1, { a: 'no', b: null } as never);
    counter.increment(1, { a: '1', b: '2', c: '3' });
    counter.increment(1, { b: '2', a: '1' });
  }
  t.same(
    [...(await samplesOf(collector))],
    [
      ['c{a="1",b="2"}', 6],
      ['c{a="1",b="2",c="3"}', 3],
    ],
  );
  t.equal(collector.stats().invalid, 6);
});

test('whatever label sets are recorded, in whatever order, each is counted under its own labels', async (t) => {
  const name = fc.constantFrom('a', 'b', 'c', 'service', 'constructor');
  const value = fc.oneof(
    fc.constantFrom('', 'x', 'y', '\ud800', '\ufffd', '1', 'true'),
    fc.constantFrom<number | boolean>(1, -0, 0, Number.NaN, 1e21, true, false),
  );
  const labels = fc.dictionary(name, value, { maxKeys: 4 });
  fc.assert(
    fc.property(fc.array(labels, { minLength: 1, maxLength: 40 }), (sets) => {
      const collector = collectorFor(t, { defaultLabels: { service: 'api' } });
      const counter = collector.counter('c');
      const expected = new Map<string, number>();
      for (const set of sets) {
        const shown = Object.entries({ service: 'api', ...set })
          .map(([key, text]) => [key, String(text).toWellFormed()])
          .filter(([, text]) => text !== '');
        const key = JSON.stringify(shown.sort(([a], [b]) => (a < b ? -1 : 1)));
        expected.set(key, (expected.get(key) ?? 0) + 1);
        counter.increment(1, set);
      }
      const right = [...expected].every(
        ([key, count]) => counter.getValue({ service: '', ...Object.fromEntries(JSON.parse(key)) }) === count,
      );
      const { series } = collector.stats();
      void collector.close();
      return right && series === expected.size;
    }),
    { numRuns: 100 },
  );
});
