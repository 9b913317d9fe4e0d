import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import {
  getMetricsCollector,
  type MetricsCollector,
  recordCounter,
  recordGauge,
  recordHistogram,
  recordSummary,
  setMetricsCollector,
} from 'ringmeter';
import { type Test, test } from 'tap';
import { collectorFor, conserves, samplesOf } from '../instruments/support';

/** A collector that is the process's for one test. */
function present(t: Test): MetricsCollector {
  const collector = collectorFor(t);
  setMetricsCollector(collector);
  return collector;
}

test('recording by name defines the metric, with labels and without', async (t) => {
  const collector = present(t);
  recordCounter('orders_total');
  recordCounter('orders_total', { value: 4 });
  recordCounter('orders_total', { value: 2, labels: { shop: 'north' } });
  recordGauge('stock', 7, { labels: { shop: 'north' } });
  recordHistogram('took_seconds', 0.3);
  recordSummary('size_bytes', 100);
  recordSummary('size_bytes', 300);
  const samples = await samplesOf(collector);
  t.equal(samples.get('orders_total'), 5);
  t.equal(samples.get('orders_total{shop="north"}'), 2);
  t.equal(samples.get('stock{shop="north"}'), 7);
  t.equal(samples.get('took_seconds_bucket{le="0.5"}'), 1);
  t.equal(samples.get('size_bytes_sum'), 400);
  conserves(t, collector, 7);
});

test('recording by name uses a metric that was defined before, with its buckets', async (t) => {
  const collector = present(t);
  collector.histogram('took_seconds', { buckets: [1, 2], labelNames: ['route'] });
  recordHistogram('took_seconds', 1.5, { labels: { route: '/' } });
  t.equal((await samplesOf(collector)).get('took_seconds_bucket{route="/",le="2"}'), 1);
});

test('recording by name never throws: a wrong call is counted', async (t) => {
  const collector = present(t);
  collector.counter('taken');
  const thrower = {
    get a(): string {
      throw new Error('never');
    },
  };
  recordGauge('taken', 1);
  recordCounter('not a name');
  recordCounter(undefined as never);
  recordCounter('c', { value: -1 });
  recordCounter('c', null as never);
  recordCounter('c', { labels: thrower as never });
  recordHistogram('h', 'fast' as never);
  recordSummary(Symbol('s') as never, 1);
  const options = {
    get labels(): never {
      throw new Error('never');
    },
  };
  recordCounter('c', options);
  recordGauge('g', 1, options);
  recordHistogram('h', 1, options);
  recordSummary('s', 1, options);
  t.same((await samplesOf(collector)).get('taken'), 0);
  const { invalid, recorded } = collector.stats();
  t.equal(recorded, 12);
  t.equal(invalid, 11, 'no options are no labels and the value 1');
});

test('a collector that is set is the default of the process, until another one is set or it is closed', async (t) => {
  const first = present(t);
  t.equal(getMetricsCollector(), first);
  const second = present(t);
  t.equal(getMetricsCollector(), second);
  recordCounter('c');
  t.equal(first.counter('c').getValue(), 0);
  t.equal(second.counter('c').getValue(), 1);
  await second.close();
  t.throws(() => setMetricsCollector(second), { code: 'RINGMETER_CLOSED' });
  t.throws(() => setMetricsCollector({} as never), { code: 'RINGMETER_INVALID_OPTION' });
  t.throws(() => setMetricsCollector(undefined as never), { code: 'RINGMETER_INVALID_OPTION' });
});

test('worker threads that are started after a collector was set record into that collector', async (t) => {
  collectorFor(t);
  const collector = present(t);
  const source = `require(${JSON.stringify(join(__dirname, '..', '..'))}).recordCounter('from_thread_total', { value: 3 })`;
  const worker = new Worker(source, { eval: true, execArgv: [] });
  await new Promise((resolve) => worker.once('exit', resolve));
  t.equal(collector.counter('from_thread_total').getValue(), 3);
});

test('a second copy of the package in the process records into the same collector', async (t) => {
  const collector = present(t);
  const root = join(__dirname, '..', '..');
  const kept = Object.keys(require.cache).filter((file) => file.startsWith(join(root, 'dist')));
  const modules = kept.map((file) => [file, require.cache[file]] as const);
  for (const file of kept) delete require.cache[file];
  const copy = require(root) as typeof import('ringmeter');
  for (const [file, module] of modules) require.cache[file] = module;
  t.not(copy.recordCounter, recordCounter, 'it is another copy');
  copy.recordCounter('shared_total', { value: 2 });
  recordCounter('shared_total');
  t.equal(copy.getMetricsCollector() as unknown, collector);
  t.equal(collector.counter('shared_total').getValue(), 3);
});

test('label objects from another realm are accepted', async (t) => {
  const collector = present(t);
  recordCounter('c', runInNewContext(`({ value: 2, labels: { a: 'x' } })`));
  t.equal((await samplesOf(collector)).get('c{a="x"}'), 2);
});
