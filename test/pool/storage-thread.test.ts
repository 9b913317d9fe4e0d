import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import workerThreads from 'node:worker_threads';
import { test } from 'tap';
import { collectorFor, until } from '../instruments/support';

const LINES = join(__dirname, '..', 'fixtures', 'storages', 'lines.cjs');

test('a storage thread that the system cannot start is tried again', async (t) => {
  const { Worker } = workerThreads;
  let refuses = true;
  let refused = 0;
  t.teardown(() => {
    workerThreads.Worker = Worker;
  });
  workerThreads.Worker = class extends Worker {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      if (refuses) {
        refused++;
        throw new Error('no more threads');
      }
      super(...args);
    }
  };
  const file = join(t.testdir({}), 'own.jsonl');
  const collector = collectorFor(t, {
    storage: { module: LINES, options: { file }, retry: { firstDelay: 20, longestDelay: 20 } },
  });
  // not before the failure is told: a later attempt could succeed before anybody looks
  t.match((await collector.collectAndStore()).unwrapErr().message, /no more threads/);
  await until('it is tried again', () => refused >= 2);
  refuses = false;
  await until('it is stored', () => collector.stats().storages[0].stored === 1);
  t.match(collector.stats().storages[0], {
    failures: refused,
    lastError: 'the thread of the storage has ended: no more threads',
  });
});

test('a healthy storage thread is not terminated, however long the watching thread is blocked', async (t) => {
  const file = join(t.testdir({}), 'own.jsonl');
  const collector = collectorFor(t, {
    flushWorkers: 1,
    // longer than a busy machine keeps the thread from a processor, and shorter than this one is blocked
    storage: { module: LINES, options: { file }, timeout: 2_000, interval: 50 },
  });
  await until('it has stored', () => collector.stats().storages[0].stored > 0);
  const before = collector.stats().storages[0].stored;
  for (const end = performance.now() + 4_000; performance.now() < end; );
  t.ok(collector.stats().storages[0].stored > before + 5, 'it went on meanwhile');
  await sleep(700);
  t.equal(collector.stats().storages[0].failures, 0);
});

test('close() does not wait for the delays of a storage whose thread ends again and again', async (t) => {
  const hostile = join(__dirname, '..', 'fixtures', 'storages', 'hostile.cjs');
  const collector = collectorFor(t, {
    storage: { module: hostile, options: { way: 'calls process.exit' }, retry: { firstDelay: 60_000 } },
  });
  t.match(
    (await collector.collectAndStore()).unwrapErr().message,
    /hostile: the thread of the storage has ended: exit code 0/,
  );
  const warned = new Promise<Error>((resolve) =>
    process.on('warning', (warning) => /last flush/.test(warning.message) && resolve(warning)),
  );
  await collector.close({ timeout: 60_000 });
  t.equal(
    (await warned).message,
    'last flush, hostile: 2 snapshots are undelivered: the thread of the storage has ended: exit code 0',
  );
  const { failures, queued } = collector.stats().storages[0];
  t.same({ failures, queued }, { failures: 3, queued: 2 }, 'it was started once more, and replaced once');
});

test('close() does not wait for a call that cannot be interrupted', async (t) => {
  const module = join(
    t.testdir({ 'own.cjs': `exports.store = () => require('node:child_process').execSync('sleep 8');` }),
    'own.cjs',
  );
  const collector = collectorFor(t, { storage: { module } });
  void collector.collectAndStore();
  await until('it is at it', () => collector.stats().storages[0].queued === 1);
  await sleep(500);
  const began = performance.now();
  await collector.close({ timeout: 100 });
  t.ok(performance.now() - began < 6_000, `${performance.now() - began} ms`);
});
