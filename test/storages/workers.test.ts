import type { Worker } from 'node:worker_threads';
import { MemoryStorage } from 'ringmeter';
import { test } from 'tap';
import { collectorFor, until } from '../instruments/support';

for (const flushWorkers of [0, 1, 2])
  test(`with flushWorkers ${flushWorkers} snapshots are stored automatically at flushInterval`, async (t) => {
    const storage = new MemoryStorage();
    const collector = collectorFor(t, { flushWorkers, flushInterval: 50, storage });
    collector.counter('c').increment(3);
    const started = performance.now();
    await until('three regular flushes', () => collector.stats().flushes >= 3);
    const { flushes } = collector.stats();
    t.ok(flushes <= (performance.now() - started) / 50 + 2, `${flushes} flushes are not more than were due`);
    await until('points to read', async () => ((await storage.query({ name: 'c' }))[0]?.points.length ?? 0) >= 3);
    const [{ points }] = await storage.query({ name: 'c' });
    t.ok(points.every(({ value }) => value === 3));
    t.ok(points.every(({ timestamp }, index) => index === 0 || timestamp > points[index - 1].timestamp));
  });

test('with flushInterval 0 nothing is stored until asked', async (t) => {
  const collector = collectorFor(t, { flushWorkers: 1, flushInterval: 0 });
  collector.counter('c').increment();
  await collector.getAllMetrics();
  await new Promise((resolve) => setTimeout(resolve, 300));
  t.equal(collector.stats().flushes, 0);
  await collector.flush();
  t.equal(collector.stats().flushes, 1);
});

test('history and regular flushes survive a flush worker that is terminated', async (t) => {
  const workers: Worker[] = [];
  const remember = (worker: Worker): void => void workers.push(worker);
  process.on('worker', remember);
  t.teardown(() => process.off('worker', remember));
  const storage = new MemoryStorage();
  const collector = collectorFor(t, { flushWorkers: 1, flushInterval: 50, storage });
  const counter = collector.counter('c');
  const pointsNow = async (): Promise<number[]> =>
    (await storage.query({ name: 'c' }))[0]?.points.map(({ value }) => value) ?? [];
  for (let death = 1; death <= 3; death++) {
    counter.increment();
    await collector.flush();
    const before = await pointsNow();
    t.equal(before.at(-1), death);
    t.equal(workers.length, death, 'a worker for each death so far, and the one that runs');
    await workers[death - 1].terminate();
    await until('the next worker', () => workers.length === death + 1);
    const { flushes } = collector.stats();
    await until('its regular flushes', () => collector.stats().flushes >= flushes + 2);
    const after = await pointsNow();
    t.same(after.slice(0, before.length), before, 'what was stored before is still there');
    t.ok(after.length > before.length);
    t.ok(
      after.every((value, index) => index === 0 || value >= after[index - 1]),
      'no count went back',
    );
  }
  t.equal(counter.getValue(), 3);
});

test('a collector whose constructor throws leaves no worker behind', async (t) => {
  const storage = new MemoryStorage();
  collectorFor(t, { storage });
  const running = new Set<Worker>();
  const remember = (worker: Worker): void => {
    running.add(worker);
    worker.once('exit', () => running.delete(worker));
  };
  process.on('worker', remember);
  t.teardown(async () => {
    process.off('worker', remember);
    for (const worker of running) await worker.terminate();
  });
  t.throws(() => collectorFor(t, { storage, flushWorkers: 1 }), { code: 'RINGMETER_INVALID_OPTION' });
  // the pool may start its worker a moment later; none at all is what this hopes for
  await until('a worker', () => running.size > 0, 500).catch(() => {});
  await until('no worker runs', () => running.size === 0, 3_000);
  t.pass();
});
