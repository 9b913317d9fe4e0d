import { MemoryStorage, type MetricsCollector } from 'ringmeter';
import { type Test, test } from 'tap';
import { CombinedSource } from '../../dist/src/alerts/combined-source.js';
import { createQueryEngine } from '../../dist/src/query/engine.js';
import type { Matcher, SampleSeries } from '../../dist/src/query/types.js';
import type { Snapshot } from '../../dist/src/snapshot/snapshot.js';
import type { MemoryBackend } from '../../dist/src/storages/memory/memory-backend.js';
import { randomFrom } from '../history/values';
import { collectorFor, SEED, samplesOf, stopWallClock } from '../instruments/support';
import { openStorage } from '../storages/support';

/** A history on this thread, and a clock that only moves when told to. */
async function historyOf(t: Test, collector: MetricsCollector, pass: (milliseconds: number) => void, maxAge = 3_600) {
  const storage = new MemoryStorage({ maxSnapshots: 1_000, maxAge });
  const { backend, store } = await openStorage(t, collector, storage);
  const { source } = backend as MemoryBackend;
  return {
    source,
    backend: backend as MemoryBackend,
    async store(after = 1_000): Promise<Snapshot> {
      pass(after);
      return store();
    },
    all: (...matchers: Matcher[]) => source.select(matchers, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY),
  };
}

const named = (value: string, operator: Matcher['operator'] = '='): Matcher => ({ name: '__name__', operator, value });
const shown = (series: readonly SampleSeries[]): [object, number[]][] =>
  series.map(({ labels, values }) => [labels, [...values]]);

test('the lines of every instrument have the names, labels and values that a scrape shows', async (t) => {
  const pass = stopWallClock(t);
  const collector = collectorFor(t, { storage: [], defaultLabels: { service: 'api' } });
  const { store, all } = await historyOf(t, collector, pass);
  const labels = { labelNames: ['route'] as const };
  const metrics = {
    counter: collector.counter('c_total', labels),
    gauge: collector.gauge('g', labels),
    histogram: collector.histogram('h', { ...labels, buckets: [1, 2.5] }),
    summary: collector.summary('s', { ...labels, quantiles: [0.5, 0.9] }),
  };
  for (const route of ['/', '/a"b']) {
    metrics.counter.increment(3, { route });
    metrics.gauge.set(-2, { route });
    for (const value of [0.5, 2, 2, 7]) metrics.histogram.observe(value, { route });
    metrics.summary.observe(4, { route });
  }
  const { timestamp: time } = await store();
  const series = all(named('.+', '=~'));
  t.ok(series.every(({ times }) => times.length === 1 && times[0] === time));
  const expected = await samplesOf(collector);
  const text = new Map(
    series.map(({ labels: { __name__: name, ...rest }, values }) => [
      `${name}{${Object.entries(rest)
        .map(([label, value]) => `${label}="${value.replaceAll('"', '\\"')}"`)
        .join(',')}}`,
      values[0],
    ]),
  );
  t.equal(text.size, 2 * (1 + 1 + 5 + 4));
  const sorted = (key: string): string => [...key.matchAll(/(\w+)="((?:\\.|[^"\\])*)"/g)].map(String).sort().join();
  const keyOf = (key: string): string => key.slice(0, key.indexOf('{')) + sorted(key);
  t.same(
    new Map([...text].map(([key, value]) => [keyOf(key), value] as const).sort()),
    new Map([...expected].map(([key, value]) => [keyOf(key), value] as const).sort()),
  );
});

test('matchers choose lines and series', async (t) => {
  const pass = stopWallClock(t);
  const collector = collectorFor(t, { storage: [] });
  const { store, all } = await historyOf(t, collector, pass);
  const histogram = collector.histogram('h', { buckets: [1, 2], labelNames: ['route'] as const });
  for (const route of ['a', 'b']) for (const value of [0.5, 1.5, 3]) histogram.observe(value, { route });
  collector.counter('other').increment();
  await store();
  t.same(shown(all(named('h_bucket'), { name: 'le', operator: '=', value: '2' }, named('h_.*', '=~'))), [
    [{ __name__: 'h_bucket', route: 'a', le: '2' }, [2]],
    [{ __name__: 'h_bucket', route: 'b', le: '2' }, [2]],
  ]);
  t.same(shown(all(named('h_bucket|h_count', '=~'), { name: 'route', operator: '!=', value: 'a' })), [
    [{ __name__: 'h_bucket', route: 'b', le: '1' }, [1]],
    [{ __name__: 'h_bucket', route: 'b', le: '2' }, [2]],
    [{ __name__: 'h_bucket', route: 'b', le: '+Inf' }, [3]],
    [{ __name__: 'h_count', route: 'b' }, [3]],
  ]);
  t.same(all(named('h')), [], 'a histogram itself is no line');
  t.same(shown(all(named('h_.*', '!~'))), [[{ __name__: 'other' }, [1]]]);
  t.same(all(named('nosuch')), []);
});

test('a series has samples from its first snapshot on, also in what is selected again', async (t) => {
  const pass = stopWallClock(t);
  const collector = collectorFor(t, { storage: [] });
  const { store, source } = await historyOf(t, collector, pass);
  const counter = collector.counter('c', { labelNames: ['n'] as const });
  const matchers = [named('c')];
  const times: number[] = [];
  for (let round = 0; round < 90; round++) {
    if (round % 30 === 0) counter.increment(1, { n: String(round) });
    times.push((await store()).timestamp);
    const series = source.select(matchers, times[0], times[round]);
    t.same(
      series.map(({ times }) => times.length),
      [round + 1, round - 29, round - 59].filter((count) => count > 0),
    );
  }
  const [first, second] = source.select(matchers, times[20], times[40]);
  t.same([...first.times], times.slice(20, 41), 'both bounds belong to the range');
  t.same([...second.times], times.slice(30, 41));
  t.equal(first.labels, source.select(matchers, times[20], times[40])[0].labels, 'the labels are the same object');
  t.same(
    source.select(matchers, times[0], times[70], { latest: true }).map((one) => [...one.times]),
    [[times[70]], [times[70]], [times[70]]],
    'only the last sample, if that is all that is wanted',
  );
  t.same(source.select(matchers, times[0] - 1_000, times[0] - 1), []);
});

test('of two snapshots with one timestamp the later one counts, and one that is too old does not', async (t) => {
  const pass = stopWallClock(t);
  const collector = collectorFor(t, { storage: [] });
  const { store, all } = await historyOf(t, collector, pass, 60);
  const counter = collector.counter('c');
  const times: number[] = [];
  for (const after of [1_000, 0, 1_000, 1_000, 0, 0]) {
    counter.increment();
    times.push((await store(after)).timestamp);
  }
  const [{ times: told, values }] = all(named('c'));
  t.same([...told], [times[0], times[2], times[3]]);
  t.same([...values], [2, 3, 6]);
  pass(59_000);
  t.same([...all(named('c'))[0].values], [3, 6]);
  pass(60_000);
  t.same(all(named('c')), []);
});

test('a default label is there, unless the series has another one or hides it by an empty one', async (t) => {
  const pass = stopWallClock(t);
  const collector = collectorFor(t, { storage: [], defaultLabels: { service: 'api' } });
  const { store, all } = await historyOf(t, collector, pass);
  const counter = collector.counter('c');
  counter.increment(1, { a: 'x' });
  counter.increment(2, { a: 'x', service: '' });
  counter.increment(3, { service: 'web' });
  await store();
  t.same(shown(all(named('c'))), [
    [{ __name__: 'c', a: 'x', service: 'api' }, [1]],
    [{ __name__: 'c', a: 'x' }, [2]],
    [{ __name__: 'c', service: 'web' }, [3]],
  ]);
  t.same(shown(all(named('c'), { name: 'service', operator: '=', value: '' })).length, 1);
});

test('a series whose columns are NaN has been removed, and ends', async (t) => {
  const pass = stopWallClock(t);
  const collector = collectorFor(t, { storage: [] });
  const { store, all, backend, source } = await historyOf(t, collector, pass);
  collector.histogram('h', { buckets: [1] }).observe(0.5);
  collector.summary('s', { quantiles: [0.5] }).observe(2);
  const snapshot = await store();
  for (const [after, values] of [
    [1_000, snapshot.values.map(() => Number.NaN)],
    [2_000, snapshot.values],
  ] as const)
    backend.store({ ...snapshot, timestamp: snapshot.timestamp + after, values });
  pass(10_000);
  const series = all(named('.+', '=~'));
  t.equal(series.length, 4 + 3);
  for (const { stale } of series) t.same([...stale!], [0, 1, 0]);
  const engine = createQueryEngine(source);
  for (const [after, expected] of [
    [0, 7],
    [1_000, undefined],
    [2_000, 7],
  ] as const) {
    const result = await engine.instant('count({__name__=~".+"})', snapshot.timestamp + after);
    t.equal(result.type === 'vector' && result.samples[0]?.value, expected);
  }
});

test('an empty summary has NaN quantiles, and has not ended', async (t) => {
  const pass = stopWallClock(t);
  const collector = collectorFor(t, { storage: [] });
  const { store, all } = await historyOf(t, collector, pass);
  collector.summary('s', { quantiles: [0.5], labelNames: ['a'] as const }).labels({ a: 'x' });
  await store();
  t.same(
    all(named('s')).map(({ labels, values, stale }) => [labels, [...values], stale]),
    [[{ __name__: 's', a: 'x', quantile: '0.5' }, [Number.NaN], undefined]],
  );
});

test('many series are read in parts', async (t) => {
  const pass = stopWallClock(t);
  const collector = collectorFor(t, { storage: [], cardinalityLimit: 100_000, maxMemory: 2 ** 28 });
  const { store, source } = await historyOf(t, collector, pass);
  const counter = collector.counter('c', { labelNames: ['n'] as const });
  for (let n = 0; n < 2_000; n++) counter.increment(n, { n });
  let now = 0;
  for (let round = 0; round < 100; round++) now = (await store()).timestamp;
  const slices = [...source.slices!([named('c')], 0, now)];
  t.ok(slices.length > 1, `${slices.length} slices`);
  t.same(
    slices.flat().map(({ values }) => values[99]),
    Array.from({ length: 2_000 }, (_, n) => n),
  );
});

test(`PromQL says what rate, increase and quantile of the storage say (RINGMETER_SEED=${SEED})`, async (t) => {
  const random = randomFrom(SEED);
  const pass = stopWallClock(t);
  const collector = collectorFor(t, { storage: [] });
  const { store, source, backend } = await historyOf(t, collector, pass);
  const counter = collector.counter('c_total', { labelNames: ['n'] as const });
  const histogram = collector.histogram('h', { buckets: [-1, 0.5, 1, 2], labelNames: ['n'] as const });
  let now = 0;
  for (let round = 0; round < 120; round++) {
    for (const n of ['1', '2'].slice(0, 1 + Math.floor(round / 40))) {
      counter.increment(Math.floor(random() * 9), { n });
      histogram.observe(random() * 3 - 0.5, { n });
    }
    now = (await store(700 + Math.floor(random() * 600))).timestamp;
  }
  const engine = createQueryEngine(source);
  const query = (name: string) => ({ name, labels: {}, from: now - 45_000, to: now });
  for (const [expression, told] of [
    ['rate(c_total[45s])', await backend.query({ ...query('c_total'), function: 'rate' })],
    ['increase(c_total[45s])', await backend.query({ ...query('c_total'), function: 'increase' })],
    ['increase(h_bucket[45s])', await backend.query({ ...query('h_bucket'), function: 'increase' })],
    [
      'histogram_quantile(0.9, increase(h_bucket[45s]))',
      await backend.query({ ...query('h'), function: 'quantile', quantile: 0.9 }),
    ],
  ] as const) {
    const result = await engine.instant(expression, now);
    if (result.type !== 'vector') throw new Error(result.type);
    t.equal(result.samples.length, told.length, expression);
    for (const [index, { value }] of result.samples.entries()) {
      const other = told[index].points[0].value;
      t.ok(Math.abs(value - other) <= 1e-12 * Math.abs(other), `${expression}: ${value} is ${other}`);
    }
  }
});

test('the event loop turns while a query tries many matchers', async (t) => {
  const pass = stopWallClock(t);
  const collector = collectorFor(t, { storage: [] });
  const { store, source } = await historyOf(t, collector, pass);
  for (let series = 0; series < 400; series++) collector.counter('c').increment(1, { series });
  await store();
  const slow = Array.from(
    { length: 500 },
    (_, at) => ({ name: 'series', operator: '=~', value: `.*|${at}x.?` }) as const,
  );
  const matchers = [named('c'), ...slow];
  const both = new CombinedSource([source, { select: () => [] }]);
  for (const one of [source, both]) {
    const slices = [
      ...(one as CombinedSource).slices([...matchers], Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY),
    ];
    t.ok(slices.filter(({ length }) => length === 0).length > 1, `${slices.length} slices`);
    t.equal(slices.flat().length, 400);
  }
  t.equal(both.select(matchers, 0, Number.POSITIVE_INFINITY).length, 400);
  const engine = createQueryEngine(both);
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const text = slow.map(({ value }) => `series=~"${value}!?"`).join();
  const result = await engine.instant(`count(c{${text}})`, Date.now());
  clearInterval(timer);
  t.same(result.type === 'vector' && result.samples.map(({ value }) => value), [400]);
  t.ok(turns > 2, `the event loop turned ${turns} times`);
});
