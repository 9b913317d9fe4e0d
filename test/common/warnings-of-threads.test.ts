import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { MemoryStorage, MetricsCollector, PrometheusStorage } from 'ringmeter';
import { test } from 'tap';
import { collectorFor, until } from '../instruments/support';

const WARNER = join(__dirname, '..', 'fixtures', 'warner.cjs');

const warnings: { name: string; code?: string; message: string }[] = [];
process.on('warning', (warning) => warnings.push(warning));

test('several threads give one warning per metric and reason, on the thread that made the collector', async (t) => {
  const collector = collectorFor(t);
  const workers = Array.from({ length: 3 }, () => new Worker(WARNER, { workerData: collector.handle, execArgv: [] }));
  const heard = await Promise.all(workers.map(async (worker) => (await once(worker, 'message'))[0]));
  t.same(heard, [0, 0, 0]);
  await until('all warnings are there', () => warnings.length >= 3);
  collector.counter('a_total').increment(-1);
  await new Promise((resolve) => setImmediate(resolve));
  t.equal(warnings.length, 3);
  for (const about of [/a_total takes/, /a_total: label name/, /b_total takes/])
    t.equal(warnings.filter(({ message }) => about.test(message)).length, 1, String(about));
  for (const { name, code } of warnings) t.same([name, code], ['RingmeterWarning', 'RINGMETER_INVALID_RECORD']);
});

test('a failure in a flush worker is warned about on the main thread', async (t) => {
  const before = warnings.length;
  const pushing = new PrometheusStorage({
    pushgateway: { url: 'http://127.0.0.1:9/', job: 'j' },
    retry: { firstDelay: 60_000 },
  });
  const collector = new MetricsCollector({
    flushWorkers: 1,
    flushInterval: 0,
    storage: [new MemoryStorage(), pushing],
  });
  t.teardown(() => collector.close({ timeout: 0 }));
  collector.counter('x_total').increment();
  await collector.collectAndStore();
  await until('the warning has come', () => warnings.length > before);
  t.equal(warnings[before].code, 'RINGMETER_STORAGE_FAILED');
});
