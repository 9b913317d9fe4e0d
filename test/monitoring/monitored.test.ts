import { CounterMetric, InFlightMetric, type MetricsCollector, monitored, TimingMetric } from 'ringmeter';
import { type Test, test } from 'tap';
import { Err, Ok } from 'ts-results-es';
import { collectorFor, refuses, samplesOf } from '../instruments/support';

function observed(t: Test) {
  const collector = collectorFor(t);
  const options = {
    collector,
    timingMetric: new TimingMetric('took_seconds', { buckets: [10] }),
    counterMetric: new CounterMetric('calls_total'),
    errorCounter: new CounterMetric('errors_total'),
    inFlightMetric: new InFlightMetric('in_flight'),
  };
  return { collector, options };
}

async function counts(collector: MetricsCollector, labels = ''): Promise<number[]> {
  const samples = await samplesOf(collector);
  return ['calls_total', 'errors_total', 'took_seconds_count', 'in_flight'].map(
    (name) => samples.get(`${name}${labels}`) ?? 0,
  );
}

test('this, arguments, results and errors pass through, and calls are counted', async (t) => {
  const { collector, options } = observed(t);
  const error = new Error('no');
  function join(this: { by: string }, first: string, second: string): string {
    if (second === 'throw') throw error;
    return [first, second].join(this.by);
  }
  const watched = monitored(join, options);
  t.equal(watched.call({ by: '-' }, 'a', 'b'), 'a-b');
  t.throws(() => watched.call({ by: '-' }, 'a', 'throw'), error);
  t.equal(watched.name, 'join');
  t.equal(watched.length, 2);
  t.same(await counts(collector), [2, 1, 2, 0]);
});

test('promises are recorded when they settle, and settle with the same result', async (t) => {
  const { collector, options } = observed(t);
  const settle: ((value: unknown) => void)[] = [];
  const watched = monitored(async (fail: boolean) => {
    await new Promise((resolve) => settle.push(resolve));
    if (fail) throw new Error('no');
    return 7;
  }, options);
  const [good, bad] = [watched(false), watched(true)];
  t.same(await counts(collector), [0, 0, 0, 2], 'both are going on');
  for (const one of settle) one(undefined);
  t.equal(await good, 7);
  await t.rejects(bad, { message: 'no' });
  t.same(await counts(collector), [2, 1, 2, 0]);
});

test('an unhandled rejection stays unhandled', async (t) => {
  const { options } = observed(t);
  const heard = new Promise((resolve) => process.once('unhandledRejection', resolve));
  const error = new Error('nobody cares');
  void monitored(() => Promise.reject(error), options)();
  t.equal(await heard, error);
});

test('a thenable that is not a promise is returned unchanged, and its then is not called', async (t) => {
  const { collector, options } = observed(t);
  // biome-ignore lint/suspicious/noThenProperty: a query builder is what this is about
  const query = { then: () => t.fail('it was run') };
  t.equal(monitored(() => query, options)(), query);
  t.same(await counts(collector), [1, 0, 1, 0]);
});

test('generators are recorded until they end, return or throw, and receive values as before', async (t) => {
  const { collector, options } = observed(t);
  const watched = monitored(function* (from: number): Generator<number, string, number> {
    const heard = yield from;
    if (heard < 0) throw new Error('negative');
    return `heard ${heard}`;
  }, options);
  const talk = watched(1);
  t.equal(talk[Symbol.iterator](), talk);
  t.same(talk.next(), { done: false, value: 1 });
  t.same(await counts(collector), [0, 0, 0, 1]);
  t.same(talk.next(5), { done: true, value: 'heard 5' });
  const failing = watched(1);
  failing.next();
  t.throws(() => failing.next(-1), { message: 'negative' });
  for (const value of watched(3) as Iterable<number>) if (value === 3) break;
  t.same(await counts(collector), [3, 1, 3, 0]);
});

test('asynchronous generators are recorded until they end', async (t) => {
  const { collector, options } = observed(t);
  const watched = monitored(async function* (fail: boolean) {
    yield 1;
    if (fail) throw new Error('no');
  }, options);
  const seen: number[] = [];
  for await (const value of watched(false)) seen.push(value);
  await t.rejects(async () => {
    for await (const value of watched(true)) seen.push(value);
  });
  t.same(seen, [1, 1]);
  t.same(await counts(collector), [2, 1, 2, 0]);
});

test('the error side of a Result counts as a failure if the option asks for it', async (t) => {
  const { collector, options } = observed(t);
  for (const resultErrors of [false, true]) {
    const watched = monitored((bad: boolean) => (bad ? Err('no') : Ok(1)), { ...options, resultErrors });
    watched(false);
    watched(true);
    t.ok((await Promise.resolve(watched(true))).isErr());
  }
  t.same(await counts(collector), [6, 2, 6, 0]);
});

test('labels may depend on the arguments, and a labels function that throws does not prevent the call', async (t) => {
  const { collector, options } = observed(t);
  const watched = monitored((shop: string) => shop.length, {
    ...options,
    labels: (shop) => {
      if (shop === 'throw') throw new Error('no labels');
      return { shop };
    },
  });
  t.equal(watched('north'), 5);
  t.equal(watched('throw'), 5);
  t.same(await counts(collector, '{shop="north"}'), [1, 0, 1, 0]);
  t.ok(collector.stats().invalid > 0);
});

test('a class can be monitored: it still creates instances, and keeps its static members', async (t) => {
  const { collector, options } = observed(t);
  class Order {
    static readonly shop = 'north';
    constructor(readonly id: number) {}
  }
  const Watched = monitored(Order as never, options) as unknown as typeof Order;
  const order = new Watched(3);
  t.ok(order instanceof Order);
  t.equal(order.id, 3);
  t.equal(Watched.shop, 'north');
  t.same(await counts(collector), [1, 0, 1, 0]);
});

test('a metric that cannot be defined does not prevent the function from running', async (t) => {
  const collector = collectorFor(t);
  collector.gauge('taken_total');
  const watched = monitored(() => 5, { collector, counterMetric: new CounterMetric('taken_total') });
  t.equal(watched(), 5);
});

test('wrong definitions are refused when the function is wrapped', (t) => {
  refuses(t, () => new CounterMetric('not a name'), 'RINGMETER_INVALID_METRIC_NAME', 'not a name');
  refuses(t, () => new TimingMetric('t', { buckets: [2, 1] }), 'RINGMETER_INVALID_BUCKETS');
  refuses(t, () => monitored(5 as never, {}), 'RINGMETER_INVALID_OPTION', 'function');
  refuses(t, () => monitored(() => 1, { label: {} } as never), 'RINGMETER_INVALID_OPTION', 'label');
  t.end();
});
