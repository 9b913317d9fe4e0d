import fc from 'fast-check';
import { type CollectorOptions, type Metric, MetricsCollector } from 'ringmeter';
import { type Test, test } from 'tap';
import { ANY_CHARACTER } from '../helpers/any-character';

const SMALL: CollectorOptions = { flushInterval: 0, storage: [], maxMemory: 2 ** 21, maxThreads: 1, ringCapacity: 64 };

function collectorFor(t: Test, options: CollectorOptions): MetricsCollector {
  const collector = new MetricsCollector({ ...SMALL, ...options });
  t.teardown(() => collector.close());
  return collector;
}

/** What JSON can say of a metric: it has no number for NaN and the infinities. */
function asJson(metrics: readonly Metric[]): unknown {
  return JSON.parse(JSON.stringify(metrics));
}

/** Two collects have two times. */
function timeless(metrics: unknown): unknown {
  return (metrics as Metric[]).map((metric) => {
    const { timestamp, ...rest } = metric;
    if (!Number.isInteger(timestamp)) throw new Error(`timestamp ${timestamp}`);
    return rest;
  });
}

for (const flushWorkers of [0, 1]) {
  test(`exportJson has the same content as getAllMetrics (flushWorkers: ${flushWorkers})`, async (t) => {
    const collector = collectorFor(t, { flushWorkers, defaultLabels: { service: 'api' } });
    collector
      .counter('c_bytes_total', { description: 'say "c"\n', unit: 'bytes' })
      .increment(3, { a: '\u2028"\\\n\0', b: '' });
    collector.gauge('g').set(-0.1);
    collector.histogram('h', { buckets: [0.1, 5] }).observe(1);
    collector.summary('s').observe(2, { route: '/' });
    collector.summary('empty').labels({ route: '/' });
    const metrics = await collector.getAllMetrics();
    const parsed = JSON.parse(await collector.exportJson());
    t.same(timeless(parsed), timeless(asJson(metrics)));
    t.equal(metrics.length, 5);
    t.match(metrics[0], { name: 'c_bytes_total', type: 'counter', unit: 'bytes', description: 'say "c"\n', value: 3 });
    t.same(metrics[0].labels, { a: '\u2028"\\\n\0', service: 'api' }, 'an empty label is none');
    t.match(metrics[2], { value: 1, sum: 1 });
    t.same(metrics[2].buckets, [
      { le: '0.1', count: 0 },
      { le: '5', count: 1 },
      { le: '+Inf', count: 1 },
    ]);
    t.equal(metrics[3].quantiles?.length, 4);
    t.equal(parsed[4].quantiles[0].value, null);
    t.ok(Number.isNaN(metrics[4].quantiles?.[0].value));
  });
}

test('a collector without series exports an empty array', async (t) => {
  t.equal(await collectorFor(t, { flushWorkers: 0 }).exportJson(), '[]');
});

test('a sum that is NaN or infinite becomes null', async (t) => {
  const collector = collectorFor(t, { flushWorkers: 0 });
  const sizes = collector.histogram('h', { buckets: [1] });
  sizes.observe(Number.MAX_VALUE);
  sizes.observe(Number.MAX_VALUE);
  const [metric] = JSON.parse(await collector.exportJson());
  t.equal(metric.sum, null);
  t.equal(metric.value, 2);
});

test('any text and any number survive JSON', async () => {
  const text = fc.string({ unit: ANY_CHARACTER, minLength: 1 });
  const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
  await fc.assert(
    fc.asyncProperty(text, text, finite, async (description, value, number) => {
      const collector = new MetricsCollector({ ...SMALL, flushWorkers: 0 });
      collector.gauge('g', { description }).set(number, { value });
      const [metric] = JSON.parse(await collector.exportJson());
      await collector.close();
      return metric.description === description && metric.labels.value === value && metric.value === number + 0;
    }),
    { numRuns: 100 },
  );
});
