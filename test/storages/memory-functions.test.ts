import { MemoryStorage, type MemoryStorageOptions } from 'ringmeter';
import { type Test, test } from 'tap';
import { collectorFor, refuses, stopWallClock, until } from '../instruments/support';

/** A collector that keeps everything, and a clock that only moves when told to. */
function history(t: Test, options: MemoryStorageOptions = {}) {
  const pass = stopWallClock(t);
  const storage = new MemoryStorage({ maxSnapshots: 1_000, ...options });
  const collector = collectorFor(t, { storage });
  return {
    storage,
    collector,
    async flush(): Promise<number> {
      pass(1_000);
      await collector.flush();
      return Date.now();
    },
  };
}

test('a series has points from its first snapshot to its last, however often blocks were closed', async (t) => {
  const { storage, collector, flush } = history(t);
  const counter = collector.counter('c');
  const expected = new Map<string, [time: number, value: number][]>();
  for (let round = 0; round < 150; round++) {
    if (round % 20 === 0) expected.set(`${round}`, []);
    for (const born of expected.keys()) counter.increment(Number(born) + 1, { born });
    const time = await flush();
    for (const [born, points] of expected) points.push([time, (points.length + 1) * (Number(born) + 1)]);
  }
  const told = await storage.query({ name: 'c' });
  t.same(
    new Map(told.map(({ labels, points }) => [labels.born, points.map((point) => [point.timestamp, point.value])])),
    expected,
  );
});

test('rate and increase return the growth of counters, for each line', async (t) => {
  const { storage, collector, flush } = history(t);
  const requests = collector.counter('requests_total', { labelNames: ['method'] as const });
  const seconds = collector.histogram('seconds', { buckets: [1, 2] });
  const times: number[] = [];
  for (let round = 0; round < 100; round++) {
    requests.increment(5, { method: 'GET' });
    if (round >= 50) requests.increment(1, { method: 'PUT' });
    seconds.observe(1.5);
    times.push(await flush());
  }
  t.same(
    await storage.increase({ name: 'requests_total' }),
    [
      { name: 'requests_total', labels: { method: 'GET' }, value: 99 * 5 },
      { name: 'requests_total', labels: { method: 'PUT' }, value: 50 },
    ],
    'without bounds over all that is kept; a series that is new is extrapolated to 0',
  );
  t.same(await storage.rate({ name: 'requests_total', labels: { method: 'GET' }, from: times[10], to: times[90] }), [
    { name: 'requests_total', labels: { method: 'GET' }, value: 5 },
  ]);
  const [from, to] = [new Date(times[20]), new Date(times[60])];
  t.same(
    (await storage.increase({ name: 'seconds', from, to })).map(({ name, labels, value }) => [name, labels.le, value]),
    [
      ['seconds_bucket', '1', 0],
      ['seconds_bucket', '2', 40],
      ['seconds_bucket', '+Inf', 40],
      ['seconds_sum', undefined, 60],
      ['seconds_count', undefined, 40],
    ],
  );
  t.same(await storage.rate({ name: 'seconds_bucket', labels: { le: '2' }, from, to }), [
    { name: 'seconds_bucket', labels: { le: '2' }, value: 1 },
  ]);
  t.same(
    await storage.rate({ name: 'requests_total', from: times[10], to: times[10] + 999 }),
    [],
    'one point is too few',
  );
  t.same(await storage.rate({ name: 'requests_total', from: times[99] + 1 }), []);
  t.same(await storage.rate({ name: 'nothing' }), []);
});

test('quantile uses only the observations of the range', async (t) => {
  const { storage, collector, flush } = history(t);
  const seconds = collector.histogram('seconds', { buckets: [1, 2, 4] });
  collector.counter('n_total');
  t.same(await storage.quantile(0.5, { name: 'seconds' }), [], 'nothing is kept yet');
  const times: number[] = [];
  for (let round = 0; round < 80; round++) {
    seconds.observe(round < 40 ? 0.5 : 3, { route: 'a' });
    if (round === 0) seconds.observe(1.5, { route: 'b' });
    times.push(await flush());
  }
  const ask = async (quantile: number, from: number, to: number) =>
    (await storage.quantile(quantile, { name: 'seconds', from, to })).map(({ name, labels, value }) => [
      name,
      labels,
      value,
    ]);
  t.same(await ask(0.5, times[0], times[39]), [
    ['seconds', { route: 'a' }, 0.5],
    ['seconds', { route: 'b' }, Number.NaN],
  ]);
  t.same(await ask(0.5, times[39], times[79]), [
    ['seconds', { route: 'a' }, 3],
    ['seconds', { route: 'b' }, Number.NaN],
  ]);
  t.same(await storage.quantile(1, { name: 'seconds', labels: { route: 'a' } }), [
    { name: 'seconds', labels: { route: 'a' }, value: 4 },
  ]);
  t.same(await storage.quantile(0.5, { name: 'other' }), [], 'a metric that nobody has registered has no quantiles');
  await t.rejects(storage.quantile(0.5, { name: 'n_total' }), {
    code: 'RINGMETER_INVALID_QUERY',
    message: 'quantile needs a histogram, and n_total is a counter',
  });
  for (const quantile of ['0.5', undefined, null, 1n])
    await t.rejects(storage.quantile(quantile as never, { name: 'seconds' }), { code: 'RINGMETER_INVALID_QUERY' });
  for (const [quantile, told] of [
    [95, Number.POSITIVE_INFINITY],
    [-0.1, Number.NEGATIVE_INFINITY],
    [Number.NaN, Number.NaN],
  ])
    t.same(
      (await storage.quantile(quantile, { name: 'seconds', labels: { route: 'a' } }))[0].value,
      told,
      `${quantile}`,
    );
});

test('a bucket that is extrapolated further than the next one does not distort a quantile', async (t) => {
  const { storage, collector, flush } = history(t);
  const seconds = collector.histogram('seconds', { buckets: [1, 2] });
  for (let one = 0; one < 10; one++) seconds.observe(0.5);
  for (let one = 0; one < 2; one++) seconds.observe(1.5);
  const first = await flush();
  for (let one = 0; one < 10; one++) seconds.observe(0.5);
  const range = { from: first - 10_000, to: await flush() };
  t.same(
    (await storage.increase({ name: 'seconds_bucket', ...range })).map(({ value }) => value),
    [20, 15, 15],
    'the first was 0 one distance ago, the others longer ago than may be filled',
  );
  t.equal((await storage.quantile(0.99, { name: 'seconds', ...range }))[0].value, 0.99);
});

test('functions are evaluated in a flush worker as well, and check their query', async (t) => {
  const storage = new MemoryStorage();
  const collector = collectorFor(t, { flushWorkers: 1, storage });
  const counter = collector.counter('c_total');
  counter.increment(3);
  await collector.flush();
  const first = Date.now();
  await until('another millisecond', () => Date.now() > first);
  counter.increment(4);
  await collector.flush();
  t.same(await storage.increase({ name: 'c_total' }), [{ name: 'c_total', labels: {}, value: 4 }]);
  collector.gauge('g').set(1);
  await collector.flush();
  await t.rejects(storage.quantile(0.5, { name: 'g' }), { code: 'RINGMETER_INVALID_QUERY' });
  await t.rejects(storage.rate({ name: 7 } as never), { code: 'RINGMETER_INVALID_QUERY' });
  await t.rejects(storage.increase({ name: 'c_total', from: Number.NaN }), { code: 'RINGMETER_INVALID_QUERY' });
  await collector.close();
  await t.rejects(storage.rate({ name: 'c_total' }), { code: 'RINGMETER_CLOSED' });
  await t.rejects(new MemoryStorage().rate({ name: 'c_total' }), { code: 'RINGMETER_CLOSED' });
});

test('a query of more values than are read in one step is answered completely', async (t) => {
  const { storage, collector, flush } = history(t);
  const counter = collector.counter('c_total', { labelNames: ['index'] as const });
  const bound = Array.from({ length: 10_000 }, (_, index) => counter.labels({ index }));
  for (let round = 0; round < 250; round++) {
    for (const one of bound) one.increment(round);
    await flush();
  }
  const told = await storage.increase({ name: 'c_total' });
  t.equal(told.length, 10_000);
  const sum = (249 * 250) / 2;
  t.same(
    told.filter(({ labels, value }, index) => labels.index !== `${index}` || value !== sum),
    [],
  );
});

test('maxBytes may have any value up to the largest one', async (t) => {
  for (const maxBytes of [4_097, 2 ** 31 - 1, 2 ** 31]) {
    const { history } = new MemoryStorage({ maxBytes }).description.options as { history: SharedArrayBuffer };
    t.ok(history.byteLength <= maxBytes && history.byteLength > maxBytes - 8);
  }
  refuses(t, () => new MemoryStorage({ maxBytes: 2 ** 31 + 1 }), 'RINGMETER_INVALID_OPTION', 'maxBytes');
});
