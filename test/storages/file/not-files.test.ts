import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { FileStorage } from 'ringmeter';
import { test } from 'tap';
import { repair } from '../../../dist/src/storages/file/repair.js';
import { collectorFor, until } from '../../instruments/support';
import { openStorage } from '../support';
import { directoryFor, filesIn, readAll, readStored, writerFor } from './support';

const NAME = 'ringmeter-20250131T101112123Z-0123456789abcdef-000001.jsonl';
const PASSED = { retryable: true };

const KINDS: Record<string, (path: string) => unknown> = {
  'a FIFO': (path) => spawnSync('mkfifo', [path]),
  'a directory': (path) => mkdirSync(path),
  'a socket': (path) => {
    const server = createServer().listen(path).unref();
    return new Promise((resolve) => server.once('listening', resolve));
  },
  'a symbolic link to a device': (path) => symlinkSync('/dev/zero', path),
  'a symbolic link to nothing': (path) => symlinkSync('/nowhere', path),
};

for (const [what, make] of Object.entries(KINDS))
  test(`${what} with the name of a data file stops neither housekeeping nor reading nor the end`, async (t) => {
    const directory = directoryFor(t);
    mkdirSync(directory);
    for (const name of [
      NAME,
      NAME.replace('01.jsonl', '02.jsonl.gz'),
      `${NAME}.tmp`,
      'ringmeter-0123456789abcdef.lock',
    ])
      await make(join(directory, name));
    const others = readdirSync(directory);
    const warnings: Error[] = [];
    const listen = (warning: Error): number => warnings.push(warning);
    process.on('warning', listen);
    t.teardown(() => process.off('warning', listen));
    const writer = await writerFor(t, { directory, maxFileBytes: 2_000, gzip: true });
    for (let index = 0; index < 20; index++) {
      writer.collector.gauge('g').set(index, { index, long: 'x'.repeat(500) });
      await writer.flush();
    }
    await until('files to be compressed', () => filesIn(directory).filter((name) => name.endsWith('.gz')).length > 2);
    t.same(await readStored(directory), writer.stored);
    await writer.close();
    t.same(await readStored(directory, { from: 0 }), writer.stored);
    for (const name of others) if (!name.endsWith('.lock')) t.ok(readdirSync(directory).includes(name), name);
    t.ok(warnings.some(({ message }) => message.includes(NAME) && message.includes('not a regular file')));
  });

test('a large file without line breaks is read once, in the background, while flushes are stored', async (t) => {
  const directory = directoryFor(t);
  mkdirSync(directory);
  const path = join(directory, NAME);
  writeFileSync(path, 'x');
  truncateSync(path, 2 ** 31 + 1_000);
  const writer = await writerFor(t, { directory });
  await writer.flush();
  t.equal((await readAll(directory, { from: writer.stored[0].timestamp })).length, 1);
  const begin = performance.now();
  await writer.close();
  t.ok(performance.now() - begin < 5_000, 'and the end does not wait for it');
});

test('repairing takes time that is linear in the length of a line', async (t) => {
  const directory = directoryFor(t);
  mkdirSync(directory);
  const path = join(directory, NAME);
  const timeFor = async (bytes: number): Promise<number> => {
    writeFileSync(path, '');
    truncateSync(path, bytes);
    const begin = process.cpuUsage();
    await repair(path);
    const { user, system } = process.cpuUsage(begin);
    t.notOk(existsSync(path), 'there is no flush in it');
    return user + system;
  };
  const [short, long] = [await timeFor(2 ** 24), await timeFor(2 ** 27)];
  t.ok(long < 24 * Math.max(short, 20_000), `${short} and ${long} microseconds`);
});

test('attempts to open while one hangs wait for that one, and leave one lock', async (t) => {
  const directory = directoryFor(t);
  const { backend } = await openStorage(t, collectorFor(t), new FileStorage({ directory }));
  const open = (signal: AbortSignal) => backend.open?.(signal);
  for (let attempt = 0; attempt < 5; attempt++)
    await t.rejects(async () => open(AbortSignal.abort()), { ...PASSED, message: /within the timeout/ });
  await open(AbortSignal.timeout(10_000));
  t.equal(readdirSync(directory).filter((name) => /lock/.test(name)).length, 1);
});
