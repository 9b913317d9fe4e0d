import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { until } from '../../instruments/support';
import { directoryFor, filesIn, readStored, writerFor } from './support';
import { WriterProcess } from './writer-process';

/** Bytes of everything in a directory, whatever it is called. */
function bytesIn(directory: string): number {
  return readdirSync(directory).reduce(
    (sum, name) => sum + (statSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}

/** Looks at a directory until the test ends. */
function watch(t: Test, directory: string): { most: number } {
  const seen = { most: 0 };
  const timer = setInterval(() => {
    seen.most = Math.max(seen.most, bytesIn(directory));
  }, 1);
  t.teardown(() => clearInterval(timer));
  return seen;
}

for (const gzip of [true, false])
  test(`all files together never exceed maxBytes, ${gzip ? 'with' : 'without'} gzip`, async (t) => {
    const directory = directoryFor(t);
    const maxBytes = 200_000;
    const { collector, flush, stored } = await writerFor(t, { directory, maxBytes, maxFileBytes: 30_000, gzip });
    const seen = watch(t, directory);
    const gauge = collector.gauge('g', { labelNames: ['path'] });
    for (let index = 0; index < 200; index++) gauge.set(Math.random(), { path: randomBytes(20).toString('hex') });
    for (let index = 0; index < 60; index++) {
      await flush();
      seen.most = Math.max(seen.most, bytesIn(directory));
    }
    t.ok(seen.most <= maxBytes, `${seen.most} bytes`);
    t.ok(seen.most > maxBytes / 2, `${seen.most} bytes: the room is used`);
    const read = await readStored(directory);
    t.same(read, stored.slice(-read.length), 'the last flushes are left');
  });

test('several writers together never exceed maxBytes', async (t) => {
  const directory = directoryFor(t);
  mkdirSync(directory);
  const options = { directory, maxBytes: 200_000, gzip: true };
  const seen = watch(t, directory);
  const writers = [1, 2, 3].map(() => new WriterProcess(options, 60));
  await Promise.all(writers.map(({ ended }) => ended));
  for (const { exitCode } of writers) t.equal(exitCode, 0);
  t.ok(seen.most <= options.maxBytes, `${seen.most} bytes`);
});

test('a flush that is larger than maxBytes is refused permanently, and no other flush is lost', async (t) => {
  const directory = directoryFor(t);
  const { collector, flush, stored, snapshot, backend } = await writerFor(t, { directory, maxBytes: 20_000 });
  await flush();
  await flush();
  const gauge = collector.gauge('g');
  for (let index = 0; index < 500; index++) gauge.set(index, { index });
  const signal = AbortSignal.timeout(60_000);
  await t.rejects(async () => backend.store(await snapshot(), { signal }), {
    code: 'RINGMETER_STORAGE_FAILED',
    retryable: false,
    message: /flush of \d{5} bytes .* maxBytes is 20000/,
  });
  t.same(await readStored(directory), stored, 'those before are still there');
  gauge.clear();
  await flush();
  t.same(await readStored(directory), stored, 'and it goes on when it is smaller');
});

test('the file of an interrupted compression counts towards maxBytes', async (t) => {
  const directory = directoryFor(t);
  mkdirSync(directory);
  const half = join(directory, 'ringmeter-20250131T101112123Z-0123456789abcdef-000001.jsonl.0123456789abcdef.tmp');
  writeFileSync(half, Buffer.alloc(50_000));
  const { flush } = await writerFor(t, { directory, maxBytes: 70_000, maxFileBytes: 2_000 });
  for (let index = 0; index < 30; index++) await flush();
  await until('files that fit beside it', () => bytesIn(directory) <= 70_000);
  t.ok(filesIn(directory).length > 1);
});

test('removed series are in no later flush, and not in files that are begun later', async (t) => {
  const directory = directoryFor(t);
  const { collector, flush, stored } = await writerFor(t, { directory, maxFileBytes: 20_000 });
  collector.counter('alive_total').increment();
  const histogram = collector.histogram('h', { labelNames: ['user'] });
  await flush();
  const size = (): number => statSync(join(directory, filesIn(directory).at(-1)!)).size;
  const before = size();
  for (let index = 0; index < 500; index++) histogram.observe(0.1, { user: index });
  await flush();
  histogram.clear();
  await flush();
  t.ok(size() < 2 * before, `${size()} bytes, ${before} before`);
  histogram.observe(1, { user: 400 });
  histogram.observe(2, { user: 2 });
  await flush();
  histogram.observe(3, { user: 3 });
  await flush();
  t.ok(size() < 10 * before, `${size()} bytes`);
  // numbers in a file are given in the order in which series come
  const sorted = (flushes: typeof stored) =>
    flushes.map(({ timestamp, metrics }) => ({ timestamp, metrics: metrics.map((one) => JSON.stringify(one)).sort() }));
  t.same(sorted(await readStored(directory)), sorted(stored));
});
