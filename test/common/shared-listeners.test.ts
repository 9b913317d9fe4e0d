import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { FileStorage, MemoryStorage, type MetricsCollector } from 'ringmeter';
import { test } from 'tap';

type Package = typeof import('ringmeter');

const SIGNALS = ['SIGTERM', 'SIGUSR2'] as const;
const EVENTS = ['exit', 'worker', 'workerMessage', ...SIGNALS];

/** Another copy of the package, as each test file has one in a test runner. */
function anotherCopy(): Package {
  const main = require.resolve('ringmeter');
  const kept = { ...require.cache };
  for (const file of Object.keys(require.cache)) if (/[\\/]dist[\\/]src[\\/]/.test(file)) delete require.cache[file];
  const copy = require(main) as Package;
  Object.assign(require.cache, kept);
  return copy;
}

test('forty copies of the package, each with a collector, cause no MaxListenersExceededWarning', async (t) => {
  const warnings: string[] = [];
  const hear = ({ name, message }: Error): unknown => name.startsWith('MaxListeners') && warnings.push(message);
  process.on('warning', hear);
  t.teardown(() => process.off('warning', hear));
  const before = EVENTS.map((event) => process.listenerCount(event));
  const copies = Array.from({ length: 40 }, anotherCopy);
  t.equal(new Set(copies.map((copy) => copy.MetricsCollector)).size, 40);
  const options = { flushWorkers: 0, flushInterval: 0, maxMemory: 2 ** 23, shutdown: { signals: SIGNALS } } as const;
  const collectors = copies.map((copy) => new copy.MetricsCollector({ ...options, storage: new copy.MemoryStorage() }));
  const during = EVENTS.map((event) => process.listenerCount(event));
  for (const [index, event] of EVENTS.entries()) t.ok(during[index] <= before[index] + 1, event);
  // each copy hears of the threads that end, and of warnings
  const worker = new Worker('', { eval: true });
  await once(worker, 'exit');
  await Promise.all(collectors.map((collector) => collector.close()));
  t.same(
    [...SIGNALS].map((event) => process.listenerCount(event)),
    before.slice(-SIGNALS.length),
  );
  await sleep(0);
  t.same(warnings, []);
});

test('forty collectors of one process that use all features cause no MaxListenersExceededWarning', async (t) => {
  const warnings: string[] = [];
  const hear = ({ name, message }: Error): unknown => name.startsWith('MaxListeners') && warnings.push(message);
  process.on('warning', hear);
  t.teardown(() => process.off('warning', hear));
  const { MetricsCollector } = require('ringmeter') as Package;
  const collectors: MetricsCollector[] = [];
  for (let index = 0; index < 40; index++)
    collectors.push(
      new MetricsCollector({
        flushWorkers: 0,
        flushInterval: 0,
        maxMemory: 2 ** 23,
        defaultMetrics: true,
        storage: [new MemoryStorage(), new FileStorage({ directory: t.testdir({}) })],
        shutdown: { signals: SIGNALS },
      }),
    );
  const { signal } = new AbortController();
  await Promise.all(
    collectors.map(async (collector) => {
      collector.counter('jobs_total').increment();
      await collector.listen({ port: 0 });
      await Promise.all(Array.from({ length: 12 }, () => collector.query('jobs_total', { signal })));
      await collector.flush();
    }),
  );
  await Promise.all(collectors.map((collector) => collector.close()));
  await sleep(0);
  t.same(warnings, []);
});
