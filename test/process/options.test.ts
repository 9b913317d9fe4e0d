import { collectDefaultMetrics, getMetricsCollector, setMetricsCollector } from 'ringmeter';
import { test } from 'tap';
import { collectorFor, refuses, samplesOf, textOf } from '../instruments/support';

test('nothing is measured unless it is asked for', async (t) => {
  for (const defaultMetrics of [undefined, false]) t.equal(await textOf(collectorFor(t, { defaultMetrics })), '');
});

test('options that cannot be used are refused', async (t) => {
  for (const [defaultMetrics, says] of [
    ['yes', 'an object'],
    [{ register: {} }, 'prefix, labels'],
    [{ prefix: '1a' }, 'beginning of a metric name'],
    [{ prefix: 7 }, 'a string'],
    [{ labels: { a: {} } }, 'labels.a'],
    [{ labels: { thread: 'x' } }, '"thread"'],
    [{ eventLoopMonitoringPrecision: 0 }, '1 to 60000'],
    [{ system: 1 }, 'a boolean'],
    [{ stallThreshold: -1 }, 'stallThreshold'],
  ] as const)
    refuses(t, () => collectorFor(t, { defaultMetrics: defaultMetrics as never }), 'RINGMETER_INVALID_OPTION', says);
  refuses(t, () => collectorFor(t, { defaultMetrics: { gcDurationBuckets: [2, 1] } }), 'RINGMETER_INVALID_BUCKETS');
  refuses(t, () => collectorFor(t, { defaultMetrics: { labels: { 'a-b': 1 } } }), 'RINGMETER_INVALID_LABEL_NAME');
});

test('collectDefaultMetrics measures for the given collector, or else for the default one', async (t) => {
  const given = collectorFor(t, { defaultLabels: { service: 'api' } });
  const other = collectorFor(t);
  setMetricsCollector(other);
  t.teardown(() => setMetricsCollector(getMetricsCollector()));
  collectDefaultMetrics({ collector: given, labels: { pod: 7 }, prefix: 'a_', system: false });
  const samples = await samplesOf(given);
  t.ok([...samples.keys()].every((line) => line.includes('pod="7"')));
  t.ok(samples.has('a_nodejs_heap_size_used_bytes{pod="7",service="api"}'));
  t.ok(samples.has('a_process_resident_memory_bytes{pod="7",service="api"}'));
  t.ok(samples.has('ringmeter_recorded_total{pod="7",service="api"}'));
  t.notOk([...samples.keys()].some((line) => /^a_(system|cgroup)_/.test(line)));
  t.equal(await textOf(other), '');
  collectDefaultMetrics();
  t.ok((await samplesOf(other)).has('process_resident_memory_bytes'));
});

test('a second call changes nothing; one with other options is refused', async (t) => {
  const collector = collectorFor(t, { defaultMetrics: { prefix: 'a_' } });
  collector.collectDefaultMetrics();
  collector.collectDefaultMetrics({ prefix: 'a_' });
  refuses(t, () => collector.collectDefaultMetrics({ prefix: 'b_' }), 'RINGMETER_METRIC_CONFLICT', '"b_"');
  const samples = await samplesOf(collector);
  t.ok(samples.has('a_process_open_fds') || process.platform !== 'linux');
  t.notOk([...samples.keys()].some((line) => line.startsWith('b_')));
});

test('a metric that the user has defined differently stays unchanged, and the other ones are measured', async (t) => {
  const collector = collectorFor(t);
  collector.counter('process_open_fds').increment(3);
  collector.counter('nodejs_heap_size_used_bytes').increment(4);
  collector.counter('nodejs_gc_duration_seconds').increment(5);
  collector.counter('ringmeter_sampling_seconds_total', { labelNames: ['mine'] }).increment(6, { mine: 'yes' });
  collector.collectDefaultMetrics();
  const samples = await samplesOf(collector);
  t.equal(samples.get('process_open_fds'), 3);
  t.equal(samples.get('nodejs_heap_size_used_bytes'), 4);
  t.equal(samples.get('nodejs_gc_duration_seconds'), 5);
  t.equal(samples.get('ringmeter_sampling_seconds_total{mine="yes"}'), 6);
  t.ok(samples.get('nodejs_heap_size_total_bytes')! > 0);
  const taken = collectorFor(t);
  taken.gauge('ringmeter_build_info').set(1);
  refuses(t, () => taken.collectDefaultMetrics(), 'RINGMETER_METRIC_CONFLICT', 'ringmeter_build_info');
});

test('with no memory left, what still fits is measured and nothing fails', async (t) => {
  const collector = collectorFor(t, { maxMemory: 2 ** 20, ringCapacity: 64, maxThreads: 1 });
  for (let index = 0; index < 20_000; index++) collector.counter('filler').increment(1, { index });
  try {
    collector.collectDefaultMetrics();
  } catch (error) {
    t.equal((error as { code: string }).code, 'RINGMETER_OUT_OF_MEMORY');
  }
  t.ok((await textOf(collector)).length > 0);
});
