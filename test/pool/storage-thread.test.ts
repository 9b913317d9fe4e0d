import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import workerThreads from 'node:worker_threads';
import { test } from 'tap';
import { collectorFor, until } from '../instruments/support';

const LINES = join(__dirname, '..', 'fixtures', 'storages', 'lines.cjs');

test('a thread that the system cannot start is tried again', async (t) => {
  const { Worker } = workerThreads;
  let refused = 0;
  t.teardown(() => {
    workerThreads.Worker = Worker;
  });
  workerThreads.Worker = class extends Worker {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      if (refused++ < 2) throw new Error('no more threads');
      super(...args);
    }
  };
  const file = join(t.testdir({}), 'own.jsonl');
  const collector = collectorFor(t, {
    storage: { module: LINES, options: { file }, retry: { firstDelay: 20, longestDelay: 20 } },
  });
  t.match((await collector.collectAndStore()).unwrapErr().message, /no more threads/);
  await until('it is stored', () => collector.stats().storages[0].stored === 1);
  t.match(collector.stats().storages[0], { failures: 2, lastError: 'its thread has ended: no more threads' });
});

test('a healthy thread is left alone, however long the thread that watches it is blocked', async (t) => {
  const file = join(t.testdir({}), 'own.jsonl');
  const collector = collectorFor(t, {
    flushWorkers: 1,
    storage: { module: LINES, options: { file }, timeout: 100, interval: 50 },
  });
  await until('it has stored', () => collector.stats().storages[0].stored > 0);
  const before = collector.stats().storages[0].stored;
  for (const end = performance.now() + 1_500; performance.now() < end; );
  t.ok(collector.stats().storages[0].stored > before + 5, 'it went on meanwhile');
  await sleep(700);
  t.equal(collector.stats().storages[0].failures, 0);
});
