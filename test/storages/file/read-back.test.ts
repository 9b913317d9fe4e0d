import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { FileStorage, MemoryStorage, type SeriesQuery } from 'ringmeter';
import { test } from 'tap';
import { ANY_CHARACTER } from '../../helpers/any-character';
import { collectorFor, SEED } from '../../instruments/support';
import { directoryFor, filesIn, isWhole, readAll, readStored, textOf, writerFor } from './support';

const HOSTILE = [
  '',
  '"',
  '\\',
  '\\"',
  '\n{"flush":0,"time":0,"series":0,"bytes":0,"crc32":0}\n',
  '{"metric":"c_total"',
  '\u0000\u0007\u001b[31m',
  '\u2028\u2029',
  '😀é日本',
  '\ud800',
  'a,b=c',
  'x'.repeat(16_000),
];

for (const gzip of [false, true])
  test(`all instruments and hostile labels are read back as recorded (gzip: ${gzip})`, async (t) => {
    const directory = directoryFor(t);
    const { collector, flush, stored, close } = await writerFor(t, { directory, gzip, maxFileBytes: 500_000 });
    const counter = collector.counter('c_total', { description: 'a "description"\n\\ with everything 😀' });
    const gauge = collector.gauge('g_bytes', { unit: 'bytes' });
    const histogram = collector.histogram('h', { buckets: [-1, 0, 0.1, 1e21] });
    const summary = collector.summary('s', { quantiles: [0, 0.5, 1] });
    for (const value of HOSTILE) {
      counter.increment(0.1, { value });
      gauge.set(-1e-300, { value, toJSON: value, constructor: 'x', toString: value });
      await flush();
    }
    summary.labels({ a: 'empty' });
    gauge.set(Number.MAX_VALUE);
    gauge.set(-0, { zero: 'negative' });
    histogram.observe(Number.MAX_VALUE);
    histogram.observe(Number.MAX_VALUE);
    histogram.observe(-5, { a: 'negative' });
    summary.observe(-Number.MAX_VALUE, { a: 'sum' });
    summary.observe(-Number.MAX_VALUE, { a: 'sum' });
    await flush();
    const everything = JSON.stringify(stored.at(-1), (_, value) => (typeof value === 'number' ? String(value) : value));
    for (const special of ['"sum":"Infinity"', '"sum":"-Infinity"', '"value":"NaN"'])
      t.ok(everything.includes(special), `${special} is among them`);
    t.same(await readStored(directory), stored, 'while it is written');
    await close();
    t.same(await readStored(directory), stored, 'when it is closed');
    for (const file of filesIn(directory)) t.ok(isWhole(textOf(`${directory}/${file}`)), file);
  });

test(`any label sets and values are read back as they were recorded (RINGMETER_SEED=${SEED})`, async (t) => {
  const labels = fc.dictionary(
    fc.constantFrom('a', 'b', 'le_', 'metric', 'values'),
    fc.string({ unit: ANY_CHARACTER }),
  );
  const value = fc.double({ noNaN: true, noDefaultInfinity: true });
  const record = fc.record({ metric: fc.integer({ min: 0, max: 3 }), labels, value });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(record, { maxLength: 8 }), { maxLength: 5 }), async (flushes) => {
      const directory = directoryFor(t);
      const { collector, flush, stored, close } = await writerFor(t, { directory, maxFileBytes: 2_000 });
      const record = [
        (value: number, labels: Record<string, string>) =>
          collector.counter('c_total').increment(Math.abs(value), labels),
        (value: number, labels: Record<string, string>) => collector.gauge('g').set(value, labels),
        (value: number, labels: Record<string, string>) => collector.histogram('h').observe(value, labels),
        (value: number, labels: Record<string, string>) => collector.summary('s').observe(value, labels),
      ];
      for (const records of flushes) {
        for (const { metric, value, labels } of records) record[metric](value, labels);
        await flush();
      }
      const read = await readStored(directory);
      await close();
      t.same(read, stored);
      return t.passing();
    }),
    { seed: SEED, numRuns: 40 },
  );
});

test('thousands of series are split over lines and come together again', async (t) => {
  const directory = directoryFor(t);
  const { collector, flush, stored } = await writerFor(t, { directory });
  const histogram = collector.histogram('h', { labelNames: ['index'] });
  const counter = collector.counter('c_total', { labelNames: ['index'] });
  for (let index = 0; index < 9_000; index++) {
    counter.increment(index, { index });
    if (index < 3_000) histogram.observe(index / 1_000, { index });
    if (index === 5_000) await flush();
  }
  await flush();
  t.same(await readStored(directory), stored);
  const [file] = filesIn(directory);
  const lines = textOf(`${directory}/${file}`).split('\n');
  t.ok(
    lines.every((line) => line.length < 100_000),
    'no line is too long to look at',
  );
  t.equal(lines.filter((line) => line.includes('"labels":{"index":"17"}')).length, 2, 'labels are there once');
});

test('reading can be limited to a time range and to metrics', async (t) => {
  const directory = directoryFor(t);
  const { collector, flush, stored } = await writerFor(t, { directory, maxFileBytes: 1_024 });
  for (let index = 0; index < 20; index++) {
    collector.counter('a_total').increment(1, { index: index % 7 });
    collector.gauge('b').set(index);
    await flush();
  }
  t.ok(filesIn(directory).length > 3, 'there are several files');
  const [from, to] = [stored[5].timestamp, stored[11].timestamp];
  t.same(await readStored(directory, { from, to }), stored.slice(5, 12), 'both bounds are inclusive');
  t.same(
    await readStored(directory, { from: from + 1 }),
    stored.slice(6).filter((one) => one.timestamp > from),
  );
  t.same(
    await readStored(directory, { to: new Date(to - 1) }),
    stored.filter((one) => one.timestamp < to),
  );
  t.same(await readStored(directory, { from: to, to: from }), []);
  t.same(
    await readStored(directory, { names: ['b', 'nothing'] }),
    stored.map(({ timestamp, metrics }) => ({ timestamp, metrics: metrics.filter(({ name }) => name === 'b') })),
  );
  const sources = new Set((await readAll(directory)).map(({ source }) => source));
  t.equal(sources.size, 1);
  t.ok([...sources][0].includes(`-${process.pid}-`));
});

test('a query returns the same as one of MemoryStorage', async (t) => {
  const memory = new MemoryStorage();
  const file = new FileStorage({ directory: directoryFor(t), maxFileBytes: 2_000, gzip: true });
  const collector = collectorFor(t, { storage: [memory, file], defaultLabels: { service: 'api' } });
  const times: number[] = [];
  for (let index = 0; index < 12; index++) {
    collector.counter('c_total').increment(1, { index: index % 5, b: 'x' });
    collector.histogram('h_count_seconds', { buckets: [1, 5] }).observe(index);
    collector.summary('s').observe(index, { a: 'y' });
    (await collector.collectAndStore()).unwrap();
    times.push(Date.now());
    await sleep(2);
  }
  const queries: SeriesQuery[] = [
    { name: 'c_total' },
    { name: 'c_total', labels: { index: 3, service: 'api' } },
    { name: 'c_total', labels: { index: 99 } },
    { name: 'h_count_seconds' },
    { name: 'h_count_seconds_bucket', labels: { le: '5' } },
    { name: 'h_count_seconds_count', from: times[3], to: times[8] },
    { name: 's' },
    { name: 's_sum', from: new Date(times[5]) },
    { name: 'nothing' },
    { name: '' },
  ];
  const sorted = (series: { name: string; labels: object }[]): unknown[] =>
    series.map((one) => [JSON.stringify([one.name, one.labels]), one]).sort(([a], [b]) => (a < b ? -1 : 1));
  for (const query of queries)
    t.same(sorted(await file.query(query)), sorted(await memory.query(query)), JSON.stringify(query));
});

test('wrong options of a reader are refused when it is called, a missing directory when it is read', async (t) => {
  const { readMetricsDirectory } = await import('ringmeter');
  t.throws(() => readMetricsDirectory('x', { form: 1 } as never), { code: 'RINGMETER_INVALID_OPTION' });
  t.throws(() => readMetricsDirectory('x', { from: 'yesterday' as never }), { code: 'RINGMETER_INVALID_QUERY' });
  const missing = directoryFor(t);
  await t.rejects(readAll(missing), { code: 'RINGMETER_STORAGE_FAILED', message: new RegExp(missing) });
});
