import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { FileStorage } from 'ringmeter';
import { type Test, test } from 'tap';
import { collectorFor } from '../../instruments/support';
import { openStorage } from '../support';
import {
  fill,
  freezableFilesystem,
  needsFreeze,
  needsImmutable,
  needsMount,
  needsOtherUser,
  needsProc,
  needsStrace,
  smallFilesystem,
  system,
} from './filesystems';
import { directoryFor, filesIn, isWhole, readStored, textOf, writerFor } from './support';

type Writer = Awaited<ReturnType<typeof writerFor>>;

/** A failure as a person and the delivery need it. */
function failure(code: string, path: string, cure: RegExp) {
  return {
    name: 'RingmeterError',
    code: 'RINGMETER_STORAGE_FAILED',
    retryable: true,
    message: new RegExp(`^FileStorage could not .*${path}.*\\(${code}\\)\\. .*${cure.source}`),
  };
}

async function writesOn(t: Test, { collector, flush, stored }: Writer, directory: string): Promise<void> {
  for (let index = 0; index < 3; index++) {
    collector.gauge('after').set(index, { index });
    await flush();
  }
  t.same((await readStored(directory)).slice(-stored.length), stored);
}

test('a full disk loses nothing: the same snapshot is stored when there is room again', needsMount, async (t) => {
  const directory = smallFilesystem(t, 256);
  const writer = await writerFor(t, { directory, maxBytes: 1_000_000 });
  const { collector, flush, stored, snapshot, backend } = writer;
  const signal = AbortSignal.timeout(60_000);
  const gauge = collector.gauge('g');
  for (let index = 0; index < 500; index++) gauge.set(index, { index });
  for (let index = 0; index < 3; index++) await flush();
  fill(join(directory, 'filler'));
  gauge.set(42, { late: 'news' });
  for (let index = 0; index < 500; index++) gauge.set(index + 0.125, { index });
  const waiting = await snapshot();
  for (let attempt = 0; attempt < 3; attempt++) {
    await t.rejects(async () => backend.store(waiting, { signal }), failure('ENOSPC', directory, /Free some room/));
    t.same(await readStored(directory), stored, 'what had been written is still there');
    for (const name of filesIn(directory)) t.ok(isWhole(textOf(join(directory, name))), 'and no line is torn');
  }
  rmSync(join(directory, 'filler'));
  await backend.store(waiting, { signal });
  const read = await readStored(directory);
  t.equal(read.length, 4);
  t.equal(read[3].timestamp, waiting.timestamp);
  t.match(
    read[3].metrics.find(({ labels }) => labels.late),
    { value: 42 },
  );
  t.match(read[3].metrics[17], { value: 17.125, labels: { index: '17' } });
  t.equal(filesIn(directory).length, 1, 'the file is the same');
  stored.push(read[3]);
  await writesOn(t, writer, directory);
});

test('a disk that is full when another file is begun does not damage the previous one', needsMount, async (t) => {
  const directory = smallFilesystem(t, 128);
  const writer = await writerFor(t, { directory, maxBytes: 1_000_000, maxFileBytes: 20_000 });
  const { collector, flush, stored, snapshot, backend } = writer;
  const signal = AbortSignal.timeout(60_000);
  for (let index = 0; index < 100; index++) collector.gauge('g').set(index, { index });
  const lastSize = (): number => statSync(join(directory, filesIn(directory).at(-1)!)).size;
  // in the last block that a file may take: it needs no more room to become full, and the next is begun and gets none
  while (filesIn(directory).length < 2 || lastSize() <= 4 * 4_096) await flush();
  fill(join(directory, 'filler'));
  for (let failed = false; !failed; )
    failed = await flush().then(
      () => false,
      () => true,
    );
  t.equal(lastSize(), 0, 'another file was due');
  const files = filesIn(directory);
  const waiting = await snapshot();
  for (let attempt = 0; attempt < 3; attempt++)
    await t.rejects(async () => backend.store(waiting, { signal }), failure('ENOSPC', directory, /Free some room/));
  t.same(filesIn(directory), files, 'failures leave no heap of files');
  t.same(await readStored(directory), stored);
  rmSync(join(directory, 'filler'));
  await backend.store(waiting, { signal });
  t.equal((await readStored(directory)).at(-1)?.timestamp, waiting.timestamp);
  stored.push(...(await readStored(directory)).slice(-1));
  await writesOn(t, writer, directory);
});

test('a directory that cannot be made is warned about, and made when possible', async (t) => {
  const directory = directoryFor(t);
  const parent = dirname(directory);
  const collector = collectorFor(t);
  writeFileSync(join(parent, 'file'), '');
  const below = join(parent, 'file', 'metrics');
  await t.rejects(
    openStorage(t, collector, new FileStorage({ directory: below })),
    failure('ENOTDIR', below, /part of this path is a file/),
  );
  const itself = join(parent, 'file');
  await t.rejects(
    openStorage(t, collector, new FileStorage({ directory: itself })),
    failure('EEXIST', itself, /this path is a file/),
  );
  rmSync(itself);
  const writer = await writerFor(t, { directory: below });
  await writer.flush();
  t.same(await readStored(below), writer.stored, 'with all the directories above it');
});

test('a read-only filesystem is named in the error', needsMount, async (t) => {
  const directory = smallFilesystem(t, 64);
  t.ok(system('mount', '-o', 'remount,ro', directory));
  await t.rejects(
    openStorage(t, collectorFor(t), new FileStorage({ directory })),
    failure('EROFS', directory, /mounted read-only/),
  );
  t.ok(system('mount', '-o', 'remount,rw', directory));
  const writer = await writerFor(t, { directory });
  await writesOn(t, writer, directory);
});

test(
  'a directory that becomes immutable is reported when another file is begun, and writing continues afterwards',
  needsImmutable,
  async (t) => {
    const directory = directoryFor(t);
    const writer = await writerFor(t, { directory, maxFileBytes: 1_024 });
    const { collector, flush, stored, snapshot, backend } = writer;
    const signal = AbortSignal.timeout(60_000);
    await flush();
    t.ok(system('chattr', '+i', directory));
    t.teardown(() => system('chattr', '-i', directory));
    for (let index = 0; index < 20; index++) collector.gauge('g').set(index, { index, long: 'x'.repeat(100) });
    await flush();
    const waiting = await snapshot();
    for (let attempt = 0; attempt < 2; attempt++)
      await t.rejects(async () => backend.store(waiting, { signal }), failure('EPERM', directory, /immutable/));
    t.same(await readStored(directory), stored);
    t.ok(system('chattr', '-i', directory));
    await backend.store(waiting, { signal });
    stored.push(...(await readStored(directory)).slice(-1));
    t.equal(stored.at(-1)?.timestamp, waiting.timestamp);
    await writesOn(t, writer, directory);
  },
);

test('the error for a missing write permission names the user id', needsOtherUser, async (t) => {
  const directory = directoryFor(t);
  mkdirSync(directory);
  chmodSync(dirname(directory), 0o755);
  const program = `
    process.setgid(65534); process.setuid(65534);
    const { createBackend } = require(${JSON.stringify(require.resolve('../../../dist/src/storages/file/file-backend.js'))});
    const options = ${JSON.stringify(new FileStorage({ directory }).description.options)};
    createBackend({ name: 'file', options }).open().then(
      () => console.log('opened'),
      ({ code, retryable, message }) => console.log(JSON.stringify({ code, retryable, message })));`;
  const run = (): string => spawnSync(process.execPath, ['-e', program], { encoding: 'utf8' }).stdout.trim();
  const told = JSON.parse(run());
  t.match({ name: 'RingmeterError', ...told }, failure('EACCES', directory, /\(uid 65534\) write/));
  chmodSync(directory, 0o777);
  t.equal(run(), 'opened');
});

for (const [what, lose] of Object.entries({
  removed: (directory: string) => rmSync(directory, { recursive: true }),
  'moved away': (directory: string) => renameSync(directory, `${directory}-before`),
  emptied: (directory: string) => {
    for (const name of readdirSync(directory)) rmSync(join(directory, name));
  },
}))
  test(`a directory that is ${what} meanwhile is made again, and later flushes are written to it`, async (t) => {
    const directory = directoryFor(t);
    const writer = await writerFor(t, { directory });
    writer.collector.counter('c_total').increment(7, { a: 'b' });
    await writer.flush();
    lose(directory);
    const before = writer.stored.splice(0);
    await writesOn(t, writer, directory);
    t.equal((await readStored(directory)).length, 3);
    t.match((await readStored(directory))[0].metrics[0], { name: 'c_total', labels: { a: 'b' }, value: 7 });
    if (what === 'moved away') t.same(await readStored(`${directory}-before`), before, 'it was left as it was');
  });

test('a removed directory that cannot be made again is reported', async (t) => {
  const directory = directoryFor(t);
  const writer = await writerFor(t, { directory });
  await writer.flush();
  rmSync(directory, { recursive: true });
  writeFileSync(directory, 'a file in its place');
  await t.rejects(writer.flush(), { code: 'RINGMETER_STORAGE_FAILED', retryable: true, message: /is a file/ });
  rmSync(directory);
  writer.stored.splice(0);
  await writesOn(t, writer, directory);
});

for (const [what, change] of Object.entries({
  'written to by someone else': (path: string) => appendFileSync(path, 'what?'),
  truncated: (path: string) => truncateSync(path, readFileSync(path).length - 5),
  'renamed by someone else': (path: string) => renameSync(path, `${path}.1`),
  'replaced by someone else': (path: string) => {
    const text = readFileSync(path);
    rmSync(path);
    writeFileSync(path, text);
  },
}))
  test(`if the file is ${what}, another one is begun`, async (t) => {
    const directory = directoryFor(t);
    const writer = await writerFor(t, { directory });
    writer.collector.counter('c_total').increment();
    await writer.flush();
    const [first] = filesIn(directory);
    change(join(directory, first));
    writer.stored.splice(0);
    await writesOn(t, writer, directory);
    t.equal(filesIn(directory).filter((name) => name !== first).length, 1);
  });

test(
  'if other code closes the file descriptor, no flush is lost, and the new owner of its number is not written to',
  needsProc,
  async (t) => {
    const directory = directoryFor(t);
    const writer = await writerFor(t, { directory });
    await writer.flush();
    const path = join(directory, filesIn(directory)[0]);
    const number = readdirSync('/proc/self/fd').find((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`) === path;
      } catch {
        return false;
      }
    });
    closeSync(Number(number));
    // other threads open files too: the next one need not get the number
    const opened = [openSync(`${directory}.other`, 'w')];
    while (opened.at(-1) !== Number(number) && opened.length < 500) opened.push(openSync(`${directory}.other`, 'w'));
    const other = opened.at(-1)!;
    t.equal(other, Number(number));
    await writesOn(t, writer, directory);
    t.equal(filesIn(directory).length, 2);
    t.ok(isWhole(textOf(path)));
    await writer.close();
    writeSync(other, 'mine');
    for (const file of opened) closeSync(file);
    t.equal(readFileSync(`${directory}.other`, 'utf8'), 'mine', 'it was not closed either');
  },
);

test('a flush that is not written within the timeout is undone, and stored at the next attempt', async (t) => {
  const directory = directoryFor(t);
  const { collector, snapshot, backend } = await writerFor(t, { directory });
  for (let index = 0; index < 5_000; index++) collector.gauge('g').set(index, { index, long: 'x'.repeat(500) });
  const waiting = await snapshot();
  const aborted = async (signal: AbortSignal): Promise<void> => {
    await t.rejects(async () => backend.store(waiting, { signal }), {
      code: 'RINGMETER_STORAGE_FAILED',
      retryable: true,
      message: new RegExp(`${directory}.* within the timeout`),
    });
  };
  await aborted(AbortSignal.abort());
  await aborted(AbortSignal.timeout(5));
  t.same(await readStored(directory), []);
  await backend.store(waiting, { signal: AbortSignal.timeout(60_000) });
  const read = await readStored(directory);
  t.same(
    read.map(({ timestamp, metrics }) => [timestamp, metrics.length]),
    [[waiting.timestamp, 5_000]],
  );
  t.ok(isWhole(textOf(join(directory, filesIn(directory)[0]))), 'nothing of the attempts before is in the file');
});

test(
  'a disk that hangs delays nothing longer than the timeout, and a late write is not repeated',
  needsFreeze,
  async (t) => {
    const directory = freezableFilesystem(t);
    const { collector, flush, stored, snapshot, backend } = await writerFor(t, { directory });
    collector.counter('c_total').increment();
    await flush();
    const waiting = await snapshot();
    // a child that thaws it in any case: this process may hang itself
    const thaw = spawn('sh', ['-c', 'read line || true; fsfreeze -u "$0"', directory], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    t.ok(system('fsfreeze', '-f', directory));
    for (let attempt = 0; attempt < 3; attempt++) {
      const begin = performance.now();
      await t.rejects(async () => backend.store(waiting, { signal: AbortSignal.timeout(100) }), {
        code: 'RINGMETER_STORAGE_FAILED',
        retryable: true,
        message: /timeout/,
      });
      t.ok(performance.now() - begin < 1_500, `${(performance.now() - begin).toFixed()} ms`);
    }
    thaw.stdin.end('\n');
    await once(thaw, 'exit');
    await backend.store(waiting, { signal: AbortSignal.timeout(10_000) });
    await flush();
    const read = await readStored(directory);
    t.same(
      read.map(({ timestamp }) => timestamp),
      [stored[0].timestamp, waiting.timestamp, stored[1].timestamp],
    );
  },
);

for (const fsync of ['flush', 'close', 'never'] as const)
  test(`fsync: '${fsync}' asks the system when it says`, needsStrace, async (t) => {
    const directory = directoryFor(t);
    const trace = `${directory}.trace`;
    const program = require.resolve('../../fixtures/file-writer.cjs');
    const options = JSON.stringify({ directory, fsync, maxFileBytes: 2_000 });
    const command = ['-f', '-e', 'trace=fsync,fdatasync', '-o', trace, process.execPath, program, options, '20', '0'];
    t.equal(spawnSync('strace', command, { encoding: 'utf8' }).status, 0);
    const calls = readFileSync(trace, 'utf8').match(/f(data)?sync\(/g)?.length ?? 0;
    const files = filesIn(directory).length;
    t.ok(files > 1);
    if (fsync === 'never') t.equal(calls, 0);
    // each flush; each file as its directory is told of it, and when it is closed
    if (fsync === 'flush') t.equal(calls, 20 + 2 * files);
    if (fsync === 'close') t.equal(calls, files);
  });
