import { randomBytes } from 'node:crypto';
import { mkdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { collectorFor, stopWallClock, until } from '../../instruments/support';
import { directoryFor, filesIn, isWhole, readAll, readStored, textOf, writerFor } from './support';

const size = (directory: string, name: string): number => statSync(join(directory, name)).size;

test('a file is closed before it becomes larger than maxFileBytes, unless a flush is larger than the one before', async (t) => {
  const directory = directoryFor(t);
  const { collector, flush, stored } = await writerFor(t, { directory, maxFileBytes: 4_000 });
  const gauge = collector.gauge('g');
  for (let index = 0; index < 60; index++) {
    gauge.set(1_000_000 + index, { series: 'the same' });
    await flush();
  }
  const files = filesIn(directory);
  t.ok(files.length >= 2, `${files.length} files`);
  for (const file of files) t.ok(size(directory, file) <= 4_000, `${size(directory, file)} bytes`);
  for (const file of files.slice(0, -1))
    t.ok(size(directory, file) > 3_000, `${size(directory, file)} bytes, it is used`);
  for (let index = 0; index < 100; index++) gauge.set(1, { index, long: 'x'.repeat(100) });
  await flush();
  await flush();
  const grown = filesIn(directory);
  t.ok(size(directory, grown.at(-2)!) > 4_000, 'the one flush with all the labels');
  t.equal(grown.length, files.length + 1, 'after it another file is begun');
  t.same(await readStored(directory), stored);
});

test('a file is closed when it is older than maxFileAge, and when the clock goes back', async (t) => {
  const pass = stopWallClock(t);
  const directory = directoryFor(t);
  const { collector, snapshot, backend } = await writerFor(t, { directory, maxFileAge: 60 });
  collector.counter('c_total').increment();
  const signal = AbortSignal.timeout(60_000);
  const flushAfter = async (milliseconds: number): Promise<number> => {
    pass(milliseconds);
    await backend.store(await snapshot(), { signal });
    return filesIn(directory).length;
  };
  t.equal(await flushAfter(0), 1);
  t.equal(await flushAfter(59_999), 1);
  t.equal(await flushAfter(1), 2, 'exactly maxFileAge');
  t.equal(await flushAfter(30_000), 2);
  t.equal(await flushAfter(-20_000), 3, 'time does not go back within a file');
  t.equal(await flushAfter(10_000), 3);
  const times = (await readStored(directory)).map(({ timestamp }) => timestamp - Date.now());
  t.equal(times.length, 6);
  t.same(
    times,
    [...times].sort((a, b) => a - b),
    'what is read is in the order of time',
  );
});

test('closed files are compressed, the current file is not, and no flush is lost', async (t) => {
  const directory = directoryFor(t);
  const { collector, flush, stored, close } = await writerFor(t, { directory, maxFileBytes: 2_000, gzip: true });
  for (let index = 0; index < 60; index++) {
    collector.gauge('g').set(index);
    await flush();
    const read = await readStored(directory);
    if (read.length !== stored.length) t.same(read, stored, `flush ${index}, while files are compressed`);
  }
  await until(
    'all but one to be compressed',
    () => filesIn(directory).filter((name) => !name.endsWith('.gz')).length === 1,
  );
  const files = filesIn(directory);
  t.ok(files.length > 2);
  t.ok(files.at(-1)?.endsWith('.jsonl'));
  for (const file of files) t.ok(isWhole(textOf(join(directory, file))), file);
  t.same(await readStored(directory), stored);
  const [{ timestamp: from }] = stored.slice(-1);
  t.same(await readStored(directory, { from }), stored.slice(-1));
  await close();
  const last = join(directory, filesIn(directory).at(-1)!);
  const hourAgo = Math.floor(Date.now() / 1000) - 3_600;
  utimesSync(last, hourAgo, hourAgo);
  const next = await writerFor(t, { directory, gzip: true });
  await next.flush();
  await until('the last one too', () => filesIn(directory).filter((name) => !name.endsWith('.gz')).length === 1);
  t.equal(statSync(`${last}.gz`).mtimeMs, hourAgo * 1000, 'its age is that of what is in it');
  t.same(await readStored(directory), [...stored, ...next.stored]);
});

test('the oldest files are removed when all files exceed maxBytes', async (t) => {
  for (const gzip of [false, true]) {
    const directory = directoryFor(t);
    // room for some files that a busy machine has not compressed yet
    const limits = gzip ? { maxBytes: 6_000, maxFileBytes: 1_024 } : { maxBytes: 12_000, maxFileBytes: 2_000 };
    const { collector, flush, stored } = await writerFor(t, { directory, ...limits, gzip });
    const bytes = (): number => filesIn(directory).reduce((sum, name) => sum + size(directory, name), 0);
    for (let index = 0; index < 200; index++) {
      collector.gauge('g').set(Math.random());
      await flush();
    }
    // at a rotation there is the full file, the next one, and what is just being compressed
    await until('few enough bytes', () => bytes() <= limits.maxBytes);
    const read = await readStored(directory);
    t.ok(read.length > 20 && read.length < 200, `${read.length} flushes are left`);
    t.same(read, stored.slice(-read.length), 'and they are the last ones');
  }
});

test('files without a write for maxAge are removed', async (t) => {
  const directory = directoryFor(t);
  const first = await writerFor(t, { directory });
  await first.flush();
  await first.close();
  const [old] = filesIn(directory);
  const limits = { directory, maxAge: 100 };
  const hour = Date.now() / 1000 - 3_600;
  utimesSync(join(directory, old), hour, Date.now() / 1000 - 90);
  const second = await writerFor(t, limits);
  await second.flush();
  await second.close();
  t.ok(filesIn(directory).includes(old), '90 seconds is not too old');
  utimesSync(join(directory, old), hour, Date.now() / 1000 - 101);
  await writerFor(t, limits);
  await until('it to be removed', () => !filesIn(directory).includes(old));
  t.same(await readStored(directory), second.stored);
});

test('the current file is never removed, however small the limits are', async (t) => {
  const directory = directoryFor(t);
  const limits = { maxBytes: 4_096, maxFileBytes: 1_024, maxAge: 0.001 };
  const { collector, flush, stored } = await writerFor(t, { directory, ...limits, gzip: true });
  for (let index = 0; index < 40; index++) {
    collector.gauge('g').set(index, { index });
    await flush();
    t.same((await readStored(directory)).at(-1), stored.at(-1));
  }
  await until('all others to be removed', () => filesIn(directory).length === 1);
});

test('files of other programs, and anything else in the directory, are not touched', async (t) => {
  const directory = directoryFor(t);
  mkdirSync(directory);
  const names = ['data.jsonl', 'ringmeter.jsonl', 'ringmeter-20250131T101112123Z-x-000001.jsonl', 'x.tmp', 'notes.gz'];
  for (const name of names) {
    writeFileSync(join(directory, name), 'not ours');
    utimesSync(join(directory, name), 1, 1);
  }
  const { collector, flush, stored } = await writerFor(t, { directory, maxBytes: 32_768, maxAge: 1, gzip: true });
  for (let index = 0; index < 20; index++) {
    collector.gauge('g').set(index, { random: randomBytes(500).toString('hex') });
    await flush();
  }
  const first = /^ringmeter-[0-9TZ]+-[0-9a-f]{16}-000001/;
  await until('the first file to be removed', () => !filesIn(directory).some((name) => first.test(name)));
  for (const name of names) t.equal(statSync(join(directory, name)).size, 8, name);
  t.same((await readStored(directory)).at(-1), stored.at(-1));
});

test('after a compression was killed, the partial or the original file is removed', async (t) => {
  const directory = directoryFor(t);
  const { flush, stored, close } = await writerFor(t, { directory });
  await flush();
  await close();
  const [name] = filesIn(directory);
  const plain = join(directory, name);
  const half = `${plain}.0123456789abcdef.tmp`;
  writeFileSync(half, 'half');
  const { gzipSync } = await import('node:zlib');
  writeFileSync(`${plain}.gz`, gzipSync(textOf(plain)));
  t.same(await readStored(directory), stored, 'what is there twice is read once');
  await writerFor(t, { directory });
  t.same(filesIn(directory), [`${name}.gz`]);
  t.same(await readStored(directory), stored);
  t.ok(statSync(half), 'someone may be at it');
  utimesSync(half, 1, 1);
  await writerFor(t, { directory });
  t.throws(() => statSync(half), { code: 'ENOENT' });
});

test('a collector with workers writes files by itself and every flush is read back', async (t) => {
  const { FileStorage } = await import('ringmeter');
  const directory = directoryFor(t);
  const storage = new FileStorage({ directory, maxFileBytes: 2_000, gzip: true });
  const collector = collectorFor(t, { flushWorkers: 1, flushInterval: 20, storage });
  const stored = () => collector.stats().storages[0].stored;
  const counter = collector.counter('c_total');
  // each flush by itself: one that is asked for waits for all before it, and a busy machine cannot store fifty in a second
  for (let index = 1; index <= 30; index++) {
    counter.increment();
    const before = stored();
    await until('it is flushed', () => stored() > before);
  }
  (await collector.collectAndStore()).unwrap();
  const [series] = await storage.query({ name: 'c_total' });
  const values = series.points.map(({ value }) => value);
  t.equal(values.at(-1), 30);
  t.ok(new Set(values).size > 10, `${new Set(values).size} of the values on the way`);
  t.same(
    values,
    [...values].sort((a, b) => a - b),
  );
  await collector.close();
  t.ok(filesIn(directory).length > 2);
  t.equal((await readAll(directory)).length, stored());
});
