import { MemoryStorage, type MemoryStorageOptions, type MetricsCollector } from 'ringmeter';
import { type Test, test } from 'tap';
import { collectorFor, refuses, stopWallClock } from '../instruments/support';

/** A collector with one counter, whose value at each flush tells the snapshots apart; time passes by hand. */
function history(t: Test, options: MemoryStorageOptions = {}) {
  const pass = stopWallClock(t);
  const storage = new MemoryStorage(options);
  const collector = collectorFor(t, { storage });
  const counter = collector.counter('n');
  return {
    collector,
    storage,
    pass,
    async flushes(count: number, apart = 1_000): Promise<void> {
      for (let flush = 0; flush < count; flush++) {
        pass(apart);
        counter.increment();
        (await collector.collectAndStore()).unwrap();
      }
    },
    async kept(): Promise<number[]> {
      const [series] = await storage.query({ name: 'n' });
      return series === undefined ? [] : series.points.map(({ value }) => value);
    },
  };
}

test('snapshots are forgotten by age', async (t) => {
  const { flushes, kept, pass } = history(t, { maxAge: 10 });
  await flushes(5);
  t.same(await kept(), [1, 2, 3, 4, 5]);
  pass(6_000);
  t.same(await kept(), [1, 2, 3, 4, 5], 'exactly maxAge is not too old');
  pass(1);
  t.same(await kept(), [2, 3, 4, 5], 'also while nothing is stored');
  await flushes(1, 0);
  pass(2_000);
  t.same(await kept(), [4, 5, 6]);
  pass(60_000);
  t.same(await kept(), []);
});

test('snapshots are forgotten by number', async (t) => {
  for (const maxSnapshots of [1, 2, 7]) {
    const { flushes, kept } = history(t, { maxSnapshots });
    await flushes(20);
    t.same(
      await kept(),
      Array.from({ length: maxSnapshots }, (_, index) => 21 - maxSnapshots + index),
    );
  }
});

test('snapshots are forgotten by size, and the newest is always there', async (t) => {
  const { collector, flushes, kept } = history(t, { maxBytes: 4096 });
  const many = collector.counter('many');
  for (let index = 0; index < 96; index++) many.increment(1, { index });
  for (let flush = 1; flush <= 50; flush++) {
    await flushes(1);
    const values = await kept();
    t.equal(values.at(-1), flush);
    t.same(
      values,
      Array.from({ length: values.length }, (_, index) => flush - values.length + 1 + index),
    );
    if (flush > 5) t.ok(values.length >= 4, `100 words each fit at least four times, got ${values.length}`);
  }
});

test('a query selects by name, labels and time', async (t) => {
  const { collector, storage, flushes } = history(t);
  const requests = collector.counter('requests_total');
  requests.increment(5, { method: 'GET', status: 200 });
  requests.increment(7, { method: 'POST', status: 200 });
  const start = Date.now();
  await flushes(3);
  const labelsOf = async (labels?: Record<string, string | number | boolean>): Promise<string[]> =>
    (await storage.query({ name: 'requests_total', labels })).map((series) => series.labels.method);
  t.same(await labelsOf(), ['GET', 'POST']);
  t.same(await labelsOf({}), ['GET', 'POST']);
  t.same(await labelsOf({ method: 'GET' }), ['GET']);
  t.same(await labelsOf({ status: 200 }), ['GET', 'POST'], 'a number is its string');
  t.same(await labelsOf({ status: '200', method: 'POST' }), ['POST']);
  t.same(await labelsOf({ method: 'PUT' }), []);
  t.same(await labelsOf({ other: 'GET' }), []);
  t.same(await storage.query({ name: 'request' }), []);
  t.same(await storage.query({ name: '' }), []);

  const valuesOf = async (from?: number | Date, to?: number | Date): Promise<number[]> =>
    (await storage.query({ name: 'n', from, to }))[0]?.points.map(({ value }) => value) ?? [];
  t.same(await valuesOf(), [1, 2, 3]);
  t.same(await valuesOf(start + 2_000), [2, 3], 'from is inclusive');
  t.same(await valuesOf(start + 2_001), [3]);
  t.same(await valuesOf(undefined, start + 2_000), [1, 2], 'to is inclusive');
  t.same(await valuesOf(new Date(start + 2_000), new Date(start + 2_000)), [2]);
  t.same(await valuesOf(start + 3_000, start + 1_000), []);
  t.same(await valuesOf(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY), [1, 2, 3]);
  const [{ points }] = await storage.query({ name: 'n' });
  t.same(
    points.map(({ timestamp }) => timestamp),
    [start + 1_000, start + 2_000, start + 3_000],
  );
});

test('every line of a metric can be read back, together or by its own name', async (t) => {
  const { collector, storage, flushes } = history(t);
  collector.histogram('h', { buckets: [1, 2] }).observe(1.5);
  const summary = collector.summary('s', { quantiles: [0.5] });
  summary.observe(7);
  collector.gauge('g').set(-3);
  await flushes(1);
  const linesOf = async (name: string, labels?: Record<string, string>): Promise<unknown[]> =>
    (await storage.query({ name, labels })).map((line) => [line.name, line.labels, line.points.map((p) => p.value)]);
  const buckets = [
    ['h_bucket', { le: '1' }, [0]],
    ['h_bucket', { le: '2' }, [1]],
    ['h_bucket', { le: '+Inf' }, [1]],
  ];
  t.same(await linesOf('h'), [...buckets, ['h_sum', {}, [1.5]], ['h_count', {}, [1]]]);
  t.same(await linesOf('h_bucket'), buckets);
  t.same(await linesOf('h_bucket', { le: '2' }), [buckets[1]]);
  t.same(await linesOf('h_sum'), [['h_sum', {}, [1.5]]]);
  t.same(await linesOf('h_count'), [['h_count', {}, [1]]]);
  t.same(await linesOf('s'), [
    ['s', { quantile: '0.5' }, [7]],
    ['s_sum', {}, [7]],
    ['s_count', {}, [1]],
  ]);
  t.same(await linesOf('g'), [['g', {}, [-3]]]);
});

test('default labels are shown and can be queried; a series may override one', async (t) => {
  const storage = new MemoryStorage();
  const collector = collectorFor(t, { storage, defaultLabels: { service: 'api', zone: 1 } });
  collector.counter('c').increment(1);
  collector.counter('c').increment(2, { service: 'other' });
  await collector.flush();
  const ask = async (labels: Record<string, string | number>): Promise<unknown[]> =>
    (await storage.query({ name: 'c', labels })).map((series) => [series.labels, series.points[0].value]);
  t.same(await ask({ service: 'api' }), [[{ service: 'api', zone: '1' }, 1]]);
  t.same(await ask({ service: 'other', zone: 1 }), [[{ service: 'other', zone: '1' }, 2]]);
});

test('a series has no points from before it existed', async (t) => {
  const { collector, storage, flushes } = history(t);
  const late = collector.counter('late');
  await flushes(2);
  late.increment(5, { a: '1' });
  await flushes(1);
  late.increment(6, { a: '2' });
  t.same(
    (await storage.query({ name: 'late' })).map(({ labels, points }) => [labels.a, points.map(({ value }) => value)]),
    [['1', [5]]],
    'nor has one that no snapshot has seen yet',
  );
  await flushes(1);
  t.same(
    (await storage.query({ name: 'late' })).map(({ labels, points }) => [labels.a, points.map(({ value }) => value)]),
    [
      ['1', [5, 5]],
      ['2', [6]],
    ],
  );
});

test('the collector and each of its storages can be queried', async (t) => {
  const storages = [new MemoryStorage(), new MemoryStorage({ maxSnapshots: 1 })];
  const collector = collectorFor(t, { storage: storages });
  collector.counter('c').increment();
  await collector.flush();
  await collector.flush();
  t.ok(collector.storage === storages[0]);
  t.equal(collector.storages.length, 2);
  t.equal((await collector.storage.query({ name: 'c' }))[0].points.length, 2);
  t.equal((await storages[1].query({ name: 'c' }))[0].points.length, 1);
  t.equal(collector.stats().flushes, 2);
});

test('an invalid query is refused with a code', async (t) => {
  const { storage } = history(t);
  for (const [query, says] of [
    [undefined, 'name'],
    [null, 'name'],
    [{}, 'name'],
    [{ name: 7 }, 'got 7'],
    [{ name: 'n', labels: { a: null } }, 'label a'],
    [{ name: 'n', labels: { a: {} } }, 'label a'],
    [{ name: 'n', labels: { a: Symbol('x') } }, 'label a'],
    [{ name: 'n', from: 'yesterday' }, 'from'],
    [{ name: 'n', from: Number.NaN }, 'from'],
    [{ name: 'n', from: null }, 'from'],
    [{ name: 'n', to: new Date('nonsense') }, 'to'],
    [{ name: 'n', to: 1n }, 'to'],
  ] as const)
    await t.rejects(
      storage.query(query as never),
      { code: 'RINGMETER_INVALID_QUERY', name: 'RingmeterError', message: new RegExp(says) },
      `${says} of ${typeof query}`,
    );
});

test('labels of a query that are not an object are refused', async (t) => {
  const { storage } = history(t);
  for (const labels of ['a', 7, ['a'], true])
    await t.rejects(storage.query({ name: 'n', labels: labels as never }), { code: 'RINGMETER_INVALID_QUERY' });
});

test('a snapshot that does not fit is an error that says so, and recording goes on', async (t) => {
  for (const flushWorkers of [0, 1]) {
    const collector = collectorFor(t, { flushWorkers, storage: new MemoryStorage({ maxBytes: 4096 }) });
    const counter = collector.counter('c');
    counter.increment(1, { index: 0 });
    t.equal((await collector.collectAndStore()).unwrap(), 1);
    for (let index = 0; index < 600; index++) counter.increment(1, { index });
    const result = await collector.collectAndStore();
    t.ok(result.isErr());
    const error = result.unwrapErr();
    t.equal(error.code, 'RINGMETER_STORAGE_FAILED');
    t.equal(error.name, 'RingmeterError');
    t.match(error.message, /maxBytes/);
    await t.rejects(collector.flush(), { code: 'RINGMETER_STORAGE_FAILED' });
    const { flushes, failedFlushes } = collector.stats();
    t.same({ flushes, failedFlushes }, { flushes: 3, failedFlushes: 2 });
    t.equal(
      (await collector.storage.query({ name: 'c', labels: { index: 0 } }))[0].points.length,
      1,
      'what was stored is still there',
    );
    t.equal(counter.getValue({ index: 0 }), 2);
  }
});

test('a storage that fails does not prevent the others from storing', async (t) => {
  const storages = [new MemoryStorage({ maxBytes: 4096 }), new MemoryStorage()];
  const collector = collectorFor(t, { storage: storages });
  for (let index = 0; index < 600; index++) collector.counter('c').increment(1, { index });
  t.equal((await collector.collectAndStore()).unwrapErr().code, 'RINGMETER_STORAGE_FAILED');
  t.equal((await storages[1].query({ name: 'c' })).length, 600);
});

test('options of a storage are checked', async (t) => {
  const make = (options: unknown) => () => new MemoryStorage(options as MemoryStorageOptions);
  for (const [option, values] of [
    ['maxAge', [0, -1, Number.NaN, Number.POSITIVE_INFINITY, '60', null]],
    ['maxSnapshots', [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '60', null]],
    ['maxBytes', [0, 4095, 2 ** 31 + 1, 1e6 + 0.5, Number.NaN, '4096', null]],
  ] as const)
    for (const value of values)
      refuses(
        t,
        make({ [option]: value }),
        'RINGMETER_INVALID_OPTION',
        option,
        typeof value === 'string' ? value : `${value}`,
      );
  refuses(t, make({ maxage: 1 }), 'RINGMETER_INVALID_OPTION', 'maxAge', 'maxage');
  for (const options of [null, 7, 'x', [], true])
    refuses(t, make(options), 'RINGMETER_INVALID_OPTION', 'MemoryStorage');
});

test('a storage without a collector cannot be queried', async (t) => {
  await t.rejects(new MemoryStorage().query({ name: 'n' }), { code: 'RINGMETER_CLOSED' });
});

test('a storage belongs to one collector', async (t) => {
  const storage = new MemoryStorage();
  collectorFor(t, { storage });
  refuses(t, () => collectorFor(t, { storage }), 'RINGMETER_INVALID_OPTION', 'belongs to a collector already');
  const twice = new MemoryStorage();
  refuses(
    t,
    () => collectorFor(t, { storage: [twice, twice] }),
    'RINGMETER_INVALID_OPTION',
    'belongs to a collector already',
  );
});

test('a storage of a closed collector cannot be queried, with or without workers', async (t) => {
  for (const flushWorkers of [1, 0]) {
    const collector: MetricsCollector = collectorFor(t, { flushWorkers });
    const { storage } = collector;
    await collector.close();
    await t.rejects(storage.query({ name: 'n' }), { code: 'RINGMETER_CLOSED' }, `flushWorkers: ${flushWorkers}`);
  }
});
