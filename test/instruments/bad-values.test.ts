import type { MetricsCollector } from 'ringmeter';
import { test } from 'tap';
import { collectorFor, conserves, samplesOf, textOf } from './support';

const thrower = (): never => {
  throw new Error('from user code');
};

/** Values that no instrument takes. `undefined` is the default of 1 where there is one. */
const badValues: Record<string, unknown> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
  'a string': '1',
  'an empty string': '',
  'a BigInt': 1n,
  null: null,
  true: true,
  'an object': {},
  'an array': [1],
  'a Date': new Date(0),
  'a function': () => 1,
  'a symbol': Symbol('x'),
  'a boxed number': Object(1),
  'an object whose valueOf throws': { valueOf: thrower, toString: thrower, [Symbol.toPrimitive]: thrower },
  'a proxy that throws': new Proxy({}, { get: thrower, getPrototypeOf: thrower, ownKeys: thrower, has: thrower }),
};

/** Every call that records one value. */
function recordCalls(collector: MetricsCollector): Record<string, (value: never, labels?: never) => void> {
  const counter = collector.counter('c', { labelNames: ['a'] });
  const gauge = collector.gauge('g', { labelNames: ['a'] });
  const histogram = collector.histogram('h', { labelNames: ['a'] });
  const summary = collector.summary('s', { labelNames: ['a'] });
  return {
    'counter.increment': (value, labels) => counter.increment(value, labels),
    'counter.inc': (value, labels) => counter.inc(value, labels),
    'gauge.set': (value, labels) => gauge.set(value, labels),
    'gauge.increment': (value, labels) => gauge.increment(value, labels),
    'gauge.decrement': (value, labels) => gauge.decrement(value, labels),
    'gauge.inc': (value, labels) => gauge.inc(value, labels),
    'gauge.dec': (value, labels) => gauge.dec(value, labels),
    'histogram.observe': (value, labels) => histogram.observe(value, labels),
    'summary.observe': (value, labels) => summary.observe(value, labels),
  };
}

/** The same on bound series. */
function boundCalls(collector: MetricsCollector): Record<string, (value: never) => void> {
  const labels = { a: 'known' };
  const counter = collector.counter('c', { labels });
  const gauge = collector.gauge('g', { labels });
  const histogram = collector.histogram('h', { labels });
  const summary = collector.summary('s', { labels });
  return {
    'counter.increment': (value) => counter.increment(value),
    'counter.inc': (value) => counter.inc(value),
    'gauge.set': (value) => gauge.set(value),
    'gauge.increment': (value) => gauge.increment(value),
    'gauge.decrement': (value) => gauge.decrement(value),
    'gauge.inc': (value) => gauge.inc(value),
    'gauge.dec': (value) => gauge.dec(value),
    'histogram.observe': (value) => histogram.observe(value),
    'summary.observe': (value) => summary.observe(value),
  };
}

const KNOWN = { a: 'known' } as never;

test('a bad value never throws, is counted, and leaves the output as it was', async (t) => {
  const collector = collectorFor(t);
  const perCall = recordCalls(collector);
  const bound = boundCalls(collector);
  for (const record of Object.values(perCall)) record(1 as never, KNOWN);
  let calls = Object.keys(perCall).length;
  const before = await textOf(collector);
  let invalid = 0;
  for (const [name, value] of Object.entries(badValues))
    for (const [call, record] of [...Object.entries(perCall), ...Object.entries(bound)]) {
      t.doesNotThrow(() => record(value as never, KNOWN), `${call} of ${name}`);
      t.equal(collector.stats().invalid, ++invalid, `${call} of ${name} is counted`);
      calls++;
    }
  for (const value of [-1, -Number.MIN_VALUE])
    for (const call of ['counter.increment', 'counter.inc']) {
      perCall[call](value as never, KNOWN);
      bound[call](value as never);
      invalid += 2;
      calls += 2;
    }
  for (const call of ['gauge.set', 'histogram.observe', 'summary.observe']) {
    perCall[call](undefined as never, KNOWN);
    bound[call](undefined as never);
    invalid += 2;
    calls += 2;
  }
  t.equal(collector.stats().invalid, invalid);
  conserves(t, collector, calls);
  t.equal(await textOf(collector), before);
  t.ok((await samplesOf(collector)).size > 0, 'and it parses');
});

/** Label sets that the metrics, which take exactly `a`, cannot use. */
const badLabels: Record<string, () => unknown> = {
  null: () => null,
  'a number': () => 7,
  'an empty string': () => '',
  'a string': () => 'a',
  'an empty array': () => [],
  'an array': () => ['a'],
  'a symbol': () => Symbol('a'),
  'a function': () => () => 'a',
  'an empty object': () => ({}),
  'a missing name': () => ({ b: '1' }),
  'an unknown name': () => ({ a: '1', b: '1' }),
  'an undefined value': () => ({ a: undefined }),
  'a null value': () => ({ a: null }),
  'a BigInt value': () => ({ a: 1n }),
  'a symbol value': () => ({ a: Symbol('a') }),
  'a nested object': () => ({ a: { a: '1' } }),
  'an array value': () => ({ a: ['1'] }),
  'a Date value': () => ({ a: new Date(0) }),
  'a boxed string': () => ({ a: Object('1') }),
  'a value whose toString throws': () => ({ a: { toString: thrower, valueOf: thrower } }),
  'a function value': () => ({ a: () => '1' }),
  'a value of 1 MB': () => ({ a: 'x'.repeat(2 ** 20) }),
  'a throwing getter': () => ({
    get a() {
      return thrower();
    },
  }),
  'a getter that throws no error': () => ({
    get a() {
      throw undefined;
    },
  }),
  'a getter that throws null': () => ({
    get a() {
      throw null;
    },
  }),
  'a proxy whose get throws': () => new Proxy({ a: '1' }, { get: thrower }),
  'a proxy whose ownKeys throws': () => new Proxy({ a: '1' }, { ownKeys: thrower }),
  'a proxy whose getOwnPropertyDescriptor throws': () => new Proxy({ a: '1' }, { getOwnPropertyDescriptor: thrower }),
  'a proxy whose getPrototypeOf throws': () => new Proxy({ a: '1' }, { getPrototypeOf: thrower }),
  'a revoked proxy': () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  },
};

test('bad labels never throw from a record, are counted, and leave the output as it was', async (t) => {
  const collector = collectorFor(t);
  const perCall = recordCalls(collector);
  for (const record of Object.values(perCall)) record(1 as never, KNOWN);
  let calls = Object.keys(perCall).length;
  const before = await textOf(collector);
  let invalid = 0;
  for (const [name, make] of Object.entries(badLabels))
    for (const [call, record] of Object.entries(perCall)) {
      t.doesNotThrow(() => record(1 as never, make() as never), `${call} with ${name}`);
      t.equal(collector.stats().invalid, ++invalid, `${call} with ${name} is counted`);
      calls++;
    }
  conserves(t, collector, calls);
  t.equal(await textOf(collector), before);
});

test('a value that is not a label object is refused also by a metric that was recorded without labels', async (t) => {
  const collector = collectorFor(t);
  const counter = collector.counter('c');
  const bad = [null, '', [], 0, false, Symbol('x')] as unknown[];
  for (const labels of bad) counter.increment(1, labels as never);
  counter.increment(1);
  counter.increment(1, {});
  counter.labels({}).increment();
  for (const labels of bad) counter.increment(1, labels as never);
  t.equal(collector.stats().invalid, 2 * bad.length);
  t.equal(counter.getValue(), 3);
  conserves(t, collector, 3 + 2 * bad.length);
});

test('label names that Prometheus would not read are refused in a record too', async (t) => {
  const collector = collectorFor(t);
  const bad = ['', '0', 'a-b', '__name__', 'a\n', 'a"', 'é'];
  for (const name of bad) collector.counter('c').increment(1, { [name]: '1' });
  collector.histogram('h').observe(1, { le: '1' });
  collector.summary('s').observe(1, { quantile: '1' });
  t.equal(collector.stats().invalid, bad.length + 2);
  t.equal(collector.stats().series, 0);
  t.same(
    [...(await samplesOf(collector)).values()].filter((value) => value > 0),
    [],
  );
});

test('a getter that throws an unprintable error does not make a record throw', async (t) => {
  const collector = collectorFor(t);
  const counter = collector.counter('c');
  const unshowable = [
    Object.assign(new Error(), { message: Symbol('x') }),
    Object.defineProperty(new Error(), 'message', { get: thrower }),
    Object.assign(new Error(), { message: { toString: thrower } }),
    new Proxy(new Error(), { get: thrower }),
    new Proxy(new Error(), { getPrototypeOf: thrower }),
  ];
  for (const error of unshowable)
    t.doesNotThrow(() =>
      counter.increment(1, {
        get a(): string {
          throw error;
        },
      }),
    );
  t.equal(collector.stats().invalid, unshowable.length);
});

test('a bad value with labels that were never seen makes no series', async (t) => {
  const collector = collectorFor(t);
  const perCall = recordCalls(collector);
  const calls = Object.entries(perCall);
  for (const [call, record] of calls) record(Number.NaN as never, { a: call } as never);
  t.equal(collector.stats().invalid, calls.length);
  t.equal(collector.stats().series, 0);
  t.equal((await samplesOf(collector)).size, 0);
});
