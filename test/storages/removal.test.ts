import { readdir } from 'node:fs/promises';
import { FileStorage, MemoryStorage, PrometheusStorage, readMetricsDirectory } from 'ringmeter';
import { test } from 'tap';
import { collectorFor, stopWallClock } from '../instruments/support';
import { backendOf, labelsOf, NEVER, pointsOf, Receiver, snapshotsOf } from './otlp/support';
import { receive } from './receiver';
import { decode, linesOf } from './remote-write-decoder';
import { openStorage } from './support';

const ENDED = Number.NEGATIVE_INFINITY;

test('a MemoryStorage has a gap after a series was removed, and its values when it begins again', async (t) => {
  const pass = stopWallClock(t);
  const storage = new MemoryStorage();
  const collector = collectorFor(t, { storage });
  const counter = collector.counter('c_total', { labelNames: ['a'] as const });
  const histogram = collector.histogram('h', { labelNames: ['a'] as const, buckets: [1] });
  const begin = Date.now();
  const flush = async (): Promise<void> => {
    pass(1_000);
    (await collector.collectAndStore()).unwrap();
  };
  const record = (times: number, a: string): void => {
    for (let time = 0; time < times; time++) {
      counter.increment(1, { a });
      histogram.observe(1, { a });
    }
  };
  record(5, 'x');
  record(1, 'y');
  await flush();
  record(5, 'x');
  await flush();
  counter.remove({ a: 'x' });
  histogram.remove({ a: 'x' });
  await flush();
  await flush();
  record(3, 'x');
  await flush();
  record(4, 'x');
  await flush();
  const pointsOfX = async (name: string): Promise<number[][]> => {
    const [series, ...others] = await storage.query({ name, labels: { a: 'x' } });
    t.same(others, []);
    return series.points.map(({ timestamp, value }) => [(timestamp - begin) / 1_000, value]);
  };
  const expected = [
    [1, 5],
    [2, 10],
    [5, 3],
    [6, 7],
  ];
  t.same(await pointsOfX('c_total'), expected);
  t.same(await pointsOfX('h_count'), expected);
  t.same(await pointsOfX('h_sum'), expected);
  const [increase] = await storage.increase({
    name: 'c_total',
    labels: { a: 'x' },
    from: begin + 1_000,
    to: begin + 6_000,
  });
  t.equal(Math.round(increase.value), 12, 'to a counter it is a reset: 5, then 3, then 4');
  const [y] = await storage.query({ name: 'c_total', labels: { a: 'y' } });
  t.equal(y.points.length, 6, 'others have no gap');
  // through blocks that are compressed
  for (let more = 0; more < 300; more++) await flush();
  t.same((await pointsOfX('c_total')).slice(0, 4), expected);
});

test('remote write ends a removed series once, and sends its samples when it begins again', async (t) => {
  const { url, requests } = await receive(t, (response) => void response.writeHead(204).end());
  const collector = collectorFor(t);
  const storage = new PrometheusStorage({ remoteWrite: { url, version: 1 } });
  const opened = await openStorage(t, collector, storage);
  const counter = collector.counter('c_total', { labelNames: ['a'] as const });
  const summary = collector.summary('s', { labelNames: ['a'] as const, quantiles: [] });
  for (const a of ['x', 'y']) {
    counter.increment(2, { a });
    summary.observe(2, { a });
  }
  const said = async (previous?: Awaited<ReturnType<typeof opened.store>>) => {
    requests.length = 0;
    const snapshot = await opened.snapshot();
    await opened.backend.store(snapshot, { signal: AbortSignal.timeout(10_000), previous });
    const lines = Object.fromEntries(requests.flatMap((request) => [...linesOf(decode(request))]));
    return { snapshot, lines };
  };
  const first = await said();
  counter.remove({ a: 'x' });
  summary.remove({ a: 'x' });
  const second = await said(first.snapshot);
  t.same(second.lines, {
    'c_total{a="x"}': ENDED,
    's_sum{a="x"}': ENDED,
    's_count{a="x"}': ENDED,
    'c_total{a="y"}': 2,
    's_sum{a="y"}': 2,
    's_count{a="y"}': 1,
  });
  const third = await said(second.snapshot);
  t.same(third.lines, { 'c_total{a="y"}': 2, 's_sum{a="y"}': 2, 's_count{a="y"}': 1 }, 'once');
  counter.increment(7, { a: 'x' });
  t.equal((await said(third.snapshot)).lines['c_total{a="x"}'], 7);
  counter.remove({ a: 'y' });
  await said(third.snapshot);
  requests.length = 0;
  await opened.backend.close?.(AbortSignal.timeout(10_000));
  const ends = Object.fromEntries(requests.flatMap((request) => [...linesOf(decode(request))]));
  t.same(
    ends,
    { 'c_total{a="x"}': ENDED, 's_sum{a="y"}': ENDED, 's_count{a="y"}': ENDED },
    'what had ended ends no more',
  );
});

test('OTLP tells the end of a removed series, unless it sends deltas, and then all of its later life', async (t) => {
  for (const temporality of ['cumulative', 'delta'] as const) {
    const receiver = await Receiver.start(t);
    const collector = collectorFor(t);
    const snapshot = snapshotsOf(collector);
    const { backend } = backendOf(t, { url: receiver.url, temporality });
    const counter = collector.counter('c', { labelNames: ['a'] as const });
    let previous: Awaited<ReturnType<typeof snapshot>> | undefined;
    const said = async (): Promise<Record<string, unknown>> => {
      receiver.received.length = 0;
      const taken = await snapshot();
      await backend.store(taken, { signal: NEVER, previous });
      previous = taken;
      const points = receiver.received.flatMap(({ metrics }) => metrics.flatMap(pointsOf));
      return Object.fromEntries(
        points.map((point) => [
          labelsOf(point).a,
          point.flags === 1 ? 'ended' : (point.asDouble ?? Number(point.asInt)),
        ]),
      );
    };
    counter.increment(2, { a: 'x' });
    counter.increment(2, { a: 'y' });
    t.same(await said(), { x: 2, y: 2 });
    counter.remove({ a: 'x' });
    counter.increment(1, { a: 'y' });
    t.same(await said(), temporality === 'delta' ? { y: 1 } : { x: 'ended', y: 3 });
    counter.increment(1, { a: 'y' });
    t.same(await said(), { y: temporality === 'delta' ? 1 : 4 }, 'once');
    counter.increment(9, { a: 'x' });
    counter.increment(1, { a: 'y' });
    t.same(await said(), { x: 9, y: temporality === 'delta' ? 1 : 5 }, temporality);
  }
});

test('files contain no value of a removed series', async (t) => {
  const directory = t.testdir();
  const storage = new FileStorage({ directory });
  const collector = collectorFor(t, { storage });
  const counter = collector.counter('c', { labelNames: ['a'] as const });
  counter.increment(1, { a: 'x' });
  counter.increment(1, { a: 'y' });
  (await collector.collectAndStore()).unwrap();
  counter.remove({ a: 'x' });
  t.equal((await collector.collectAndStore()).unwrap(), 9, 'one of this metric, eight of the storage');
  counter.increment(3, { a: 'x' });
  (await collector.collectAndStore()).unwrap();
  const read: Record<string, number>[] = [];
  for await (const { metrics } of readMetricsDirectory(directory, { names: ['c'] }))
    read.push(Object.fromEntries(metrics.map(({ labels, value }) => [labels.a, value])));
  t.same(read, [{ x: 1, y: 1 }, { y: 1 }, { x: 3, y: 1 }]);
  const [x] = await storage.query({ name: 'c', labels: { a: 'x' } });
  t.same(
    x.points.map(({ value }) => value),
    [1, 3],
  );
});

test('files say since when each series counts, also after a reset, a removal and in the next file', async (t) => {
  const pass = stopWallClock(t);
  const began = Date.now();
  const directory = t.testdir();
  const collector = collectorFor(t, { storage: new FileStorage({ directory, maxFileBytes: 4_096 }) });
  const counter = collector.counter('c', { labelNames: ['a'] as const });
  const store = async (): Promise<void> => {
    pass(1_000);
    (await collector.collectAndStore()).unwrap();
  };
  const readStarts = async (): Promise<Record<string, number>[]> => {
    const read: Record<string, number>[] = [];
    for await (const { metrics } of readMetricsDirectory(directory, { names: ['c'], starts: true }))
      read.push(Object.fromEntries(metrics.map(({ labels, start }) => [labels.a, start! - began])));
    return read;
  };
  counter.increment(1, { a: 'x' });
  pass(1);
  counter.increment(1, { a: 'y' });
  await store();
  counter.reset();
  await store();
  counter.remove({ a: 'x' });
  await store();
  counter.increment(1, { a: 'x' });
  await store();
  const expected = [{ x: 0, y: 1 }, { x: 1_001, y: 1_001 }, { y: 1_001 }, { x: 3_001, y: 1_001 }];
  t.same(await readStarts(), expected);
  for (let more = 0; more < 12; more++) {
    await store();
    expected.push({ x: 3_001, y: 1_001 });
  }
  const files = (await readdir(directory)).filter((name) => name.includes('.jsonl'));
  t.ok(files.length > 1, `${files.length} files`);
  t.same(await readStarts(), expected);
});
