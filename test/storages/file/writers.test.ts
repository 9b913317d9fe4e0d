import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { FileStorage } from 'ringmeter';
import { test } from 'tap';
import { isAlive, WriterLock } from '../../../dist/src/storages/file/lock.js';
import { until } from '../../instruments/support';
import { directoryFor, filesIn, isWhole, readAll, readStored, textOf, writerFor } from './support';
import { WriterProcess } from './writer-process';

const locksIn = (directory: string): string[] => readdirSync(directory).filter((name) => name.endsWith('.lock'));
const writerOf = (name: string): string => /-([0-9a-f]{16})/.exec(name)![1];

test('processes that share a directory, rotate, compress and clean up do not disturb each other', async (t) => {
  const directory = directoryFor(t);
  const options = { directory, maxFileBytes: 10_000 };
  const writers = [
    new WriterProcess({ ...options, gzip: true }, 100),
    new WriterProcess({ ...options, gzip: true, fsync: 'never' }, 100),
    new WriterProcess({ ...options, gzip: false, fsync: 'flush' }, 100),
  ];
  await Promise.all(writers.map(({ ended }) => ended));
  const read = await readAll(directory, { onDamage: (damage) => t.fail('damaged', { damage }) });
  t.equal(read.length, 300);
  for (const writer of writers) {
    t.equal(writer.exitCode, 0);
    t.equal(writer.ownOf(read).length, 100);
    t.same(writer.check(read), []);
  }
  t.same(
    read.map(({ timestamp }) => timestamp),
    read.map(({ timestamp }) => timestamp).sort((a, b) => a - b),
    'what is read is in the order of time',
  );
  t.same(locksIn(directory), [], 'who ends in order leaves no lock');
  for (const name of filesIn(directory)) t.ok(isWhole(textOf(join(directory, name))), name);
});

test('files of a running writer are never touched, those of a dead one are', async (t) => {
  const directory = directoryFor(t);
  const greedy = { directory, maxBytes: 16_384, maxFileBytes: 1_024, maxAge: 0.001, gzip: true };
  const living = new WriterProcess({ directory, maxFileBytes: 20_000 });
  t.teardown(() => living.kill());
  await until('some files', () => living.stored > 0 && filesIn(directory).length > 3);
  living.kill('SIGSTOP');
  // a system call that it was in may still end
  let content = new Map<string, string>();
  const contentNow = () =>
    new Map(filesIn(directory).map((name) => [name, readFileSync(join(directory, name), 'latin1')]));
  await until('it to stand still', () => {
    const before = content;
    content = contentNow();
    return [...content].every(([name, text]) => before.get(name) === text);
  });
  const { collector, flush, close } = await writerFor(t, greedy);
  for (let index = 0; index < 20; index++) {
    collector.gauge('g').set(index, { index, long: 'x'.repeat(200) });
    await flush();
  }
  await close();
  const now = contentNow();
  for (const [name, text] of content)
    t.ok(now.get(name) === text, `${name} is as it was, though its writer stands still`);

  living.kill();
  await living.ended;
  const next = await writerFor(t, { directory });
  // the last one may have been begun with nothing whole in it yet: that is removed
  const begun = [...content].filter(([, text]) => text.includes('\n{"flush":')).map(([name]) => name);
  t.ok(begun.length >= content.size - 1);
  for (const name of begun) t.ok(isWhole(textOf(join(directory, name))), `${name} has been repaired`);
  t.equal(locksIn(directory).length, 1, 'and the lock of the dead has been removed');
  await next.close();
  await writerFor(t, greedy);
  await until(
    'all of them to be removed',
    () => ![...content.keys()].some((name) => filesIn(directory).includes(name)),
  );
});

test('a terminated worker thread counts as dead at once, and the next writer repairs its files', async (t) => {
  const directory = directoryFor(t);
  const code = `
    const { workerData, parentPort } = require('node:worker_threads');
    const { WriterLock } = require(workerData.module);
    WriterLock.take(workerData.directory).then(({ writer }) => parentPort.postMessage(writer));
    setInterval(() => {}, 1000);`;
  mkdirSync(directory);
  const module = require.resolve('../../../dist/src/storages/file/lock.js');
  const worker = new Worker(code, { eval: true, workerData: { module, directory } });
  const writer = await new Promise<string>((resolve) => worker.once('message', resolve));
  t.equal(await isAlive(directory, writer, 0, Date.now()), true);
  const torn = join(directory, `ringmeter-20250131T101112123Z-${writer}-000001.jsonl`);
  writeFileSync(torn, '{"ringmeter":1,');
  await writerFor(t, { directory });
  t.equal(statSync(torn).size, 15);
  await worker.terminate();
  t.equal(await isAlive(directory, writer, Date.now(), Date.now()), false);
  await writerFor(t, { directory });
  t.same(filesIn(directory), []);
});

test('a lock file that is removed counts as lost: the writer continues under another name', async (t) => {
  const directory = directoryFor(t);
  const writer = await writerFor(t, { directory });
  await writer.flush();
  rmSync(join(directory, locksIn(directory)[0]));
  await writer.flush();
  const [first, second] = filesIn(directory);
  t.not(writerOf(first), writerOf(second));
  t.equal(writerOf(locksIn(directory)[0]), writerOf(second));
  t.same(await readStored(directory), writer.stored);
});

test('a writer that cannot be asked counts as dead when it has written nothing for an hour', async (t) => {
  const directory = directoryFor(t);
  mkdirSync(directory);
  const torn = '{"ringmeter":1,';
  // of another machine; and of this one, where it could not make a socket
  const mine = (await WriterLock.take(directory)).writer;
  for (const writer of ['0123456789abcdef', `${mine.slice(0, 8)}00000000`]) {
    const file = join(directory, `ringmeter-20250131T101112123Z-${writer}-000001.jsonl`);
    const lock = join(directory, `ringmeter-${writer}.lock`);
    writeFileSync(file, torn);
    writeFileSync(lock, '');
    const minutesAgo = (path: string, minutes: number): void =>
      utimesSync(path, Date.now() / 1000 - minutes * 60, Date.now() / 1000 - minutes * 60);
    minutesAgo(lock, 1_000);
    minutesAgo(file, 59);
    await writerFor(t, { directory, gzip: true });
    t.equal(statSync(file).size, torn.length, 'its file is left alone');
    minutesAgo(lock, 59);
    minutesAgo(file, 1_000);
    await writerFor(t, { directory });
    t.equal(statSync(file).size, torn.length, 'also while only its lock is young');
    minutesAgo(lock, 61);
    await writerFor(t, { directory });
    t.throws(() => statSync(file), { code: 'ENOENT' });
    t.throws(() => statSync(lock), { code: 'ENOENT' });
  }
});

test('where the path is too long for a socket, a plain file is the lock', async (t) => {
  const directory = join(directoryFor(t), 'x'.repeat(100));
  const writer = await writerFor(t, { directory });
  await writer.flush();
  const [lock] = locksIn(directory);
  t.ok(lstatSync(join(directory, lock)).isFile());
  const other = await writerFor(t, { directory, gzip: true });
  await other.flush();
  await writer.flush();
  t.equal(filesIn(directory).length, 2);
  t.same(
    await readStored(directory),
    [...writer.stored, ...other.stored].sort((a, b) => a.timestamp - b.timestamp),
  );
  await writer.close();
  t.equal(locksIn(directory).length, 1);
});

test('a snapshot that a worker stored just before it died and its successor stored again is read once', async (t) => {
  const directory = directoryFor(t);
  const { collector, snapshot, backend, close } = await writerFor(t, { directory });
  collector.counter('c_total').increment();
  const twice = await snapshot();
  const signal = AbortSignal.timeout(10_000);
  await backend.store(twice, { signal });
  await close();
  // the same description, as the next worker gets it
  const options = JSON.parse(textOf(join(directory, filesIn(directory)[0])).split('\n')[0]);
  const description = new FileStorage({ directory }).description;
  (description.options as { source: string }).source = options.source;
  const { openBackend } = await import('../../../dist/src/delivery/open.js');
  const next = openBackend(description.module, {
    name: 'file',
    options: description.options,
    defaultLabels: {},
    families: () => [],
    exclusively: (action) => action(),
  });
  await next.open?.(signal);
  await next.store(twice, { signal });
  await next.close?.(signal);
  t.equal(filesIn(directory).length, 2);
  t.equal((await readAll(directory)).length, 1);
  const [series] = (await next.query?.({ name: 'c_total', labels: {}, from: 0, to: Number.MAX_VALUE })) ?? [];
  t.equal(series.points.length, 1);
});

test('a new process reads the files of an ended one as one history', async (t) => {
  const directory = directoryFor(t);
  for (const value of [1, 2, 3]) {
    const { collector, flush, close, backend } = await writerFor(t, { directory });
    collector.counter('c_total').increment(value, { a: 'b' });
    await flush();
    const found = await backend.query?.({ name: 'c_total', labels: {}, from: 0, to: Number.MAX_VALUE });
    t.equal(found?.length, 1);
    t.same(
      found?.[0].points.map((point) => point.value),
      [1, 2, 3].slice(0, value),
    );
    await close();
  }
});
