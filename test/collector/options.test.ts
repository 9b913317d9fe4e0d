import { type CollectorOptions, MemoryStorage, MetricsCollector } from 'ringmeter';
import { type Test, test } from 'tap';
import { collectorFor, refuses, samplesOf } from '../instruments/support';

/** Tries options without the compiler's help. A collector that is made by mistake is closed. */
const make = (t: Test, options: unknown) => (): MetricsCollector => {
  const collector = new MetricsCollector(options as CollectorOptions);
  t.teardown(() => collector.close());
  return collector;
};

const notNumbers = ['10', null, {}, [], true, 10n, Symbol('x'), () => 1, Number.NaN];

/** Values that each option must refuse. */
const refused: Record<string, unknown[]> = {
  flushInterval: [...notNumbers, -1, Number.POSITIVE_INFINITY, 2 ** 31],
  flushWorkers: [...notNumbers, -1, 0.5, 65, Number.POSITIVE_INFINITY],
  drainInterval: [...notNumbers, 0, 0.9, -1, 60_001, Number.POSITIVE_INFINITY],
  ringCapacity: [...notNumbers, 0, 32, 63, 65, 100, 64.5, -64, 2 ** 25, Number.POSITIVE_INFINITY],
  onFull: ['block', '', 'Fold', null, 7, {}, [], true],
  maxMemory: [...notNumbers, 0, 2 ** 20 - 1, 2 ** 31 + 1, 2 ** 20 + 0.5, Number.POSITIVE_INFINITY],
  maxThreads: [...notNumbers, 0, 1.5, 1025, -1, Number.POSITIVE_INFINITY],
  cardinalityLimit: [...notNumbers, 0, 1.5, -1, 2 ** 24 + 1, Number.POSITIVE_INFINITY],
  defaultLabels: ['a', 7, null, true, ['a']],
  worker: ['a', 7, null, true, []],
  storage: ['memory', 7, null, true, {}, [null], [new MemoryStorage(), {}]],
};

/** How a message shows a value: whole if it is short. */
function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (Array.isArray(value)) return 'got a';
  if (typeof value === 'object' && value !== null) return 'got an object';
  return typeof value === 'function' ? 'got a function' : `got ${String(value)}`;
}

for (const [option, values] of Object.entries(refused))
  test(`option ${option}: a wrong value is refused with the name and the value`, async (t) => {
    for (const value of values) {
      const fitting = Array.isArray(value) && option === 'storage' ? 'got ' : shown(value);
      refuses(t, make(t, { flushWorkers: 0, [option]: value }), 'RINGMETER_INVALID_OPTION', option, fitting);
    }
  });

test('wrong options of the flush workers are refused with the name and the value', async (t) => {
  const worker = (options: unknown) => make(t, { flushWorkers: 0, worker: options });
  for (const value of ['1', -1, 20, 1.5, Number.NaN, null])
    refuses(t, worker({ niceIncrement: value }), 'RINGMETER_INVALID_OPTION', 'worker.niceIncrement', shown(value));
  for (const value of ['1', 7, null, [], true])
    refuses(t, worker({ resourceLimits: value }), 'RINGMETER_INVALID_OPTION', 'worker.resourceLimits', shown(value));
  refuses(t, worker({ nice: 1 }), 'RINGMETER_INVALID_OPTION', 'worker', '"nice"');
  refuses(t, worker({ resourceLimits: { maxHeap: 1 } }), 'RINGMETER_INVALID_OPTION', 'resourceLimits', '"maxHeap"');
});

test('wrong heap limits of the flush workers are refused with the name and the value', async (t) => {
  for (const value of ['64', -1, null, {}, Number.NaN])
    refuses(
      t,
      make(t, { flushWorkers: 0, worker: { resourceLimits: { maxOldGenerationSizeMb: value } } }),
      'RINGMETER_INVALID_OPTION',
      'maxOldGenerationSizeMb',
    );
});

test('unknown options, and options that are not an object, are refused', async (t) => {
  for (const options of [null, 'x', 7, true, [], () => {}])
    refuses(t, make(t, options), 'RINGMETER_INVALID_OPTION', 'collector options');
  for (const option of ['flushinterval', 'storages', 'prefix', '__proto__x', ''])
    refuses(t, make(t, { [option]: 1 }), 'RINGMETER_INVALID_OPTION', JSON.stringify(option));
});

test('default labels must have valid names and values', async (t) => {
  const labels = (defaultLabels: unknown) => make(t, { flushWorkers: 0, defaultLabels });
  for (const name of ['', '0', 'a-b', '__name__', 'é'])
    refuses(t, labels({ [name]: 'x' }), 'RINGMETER_INVALID_LABEL_NAME', JSON.stringify(name));
  for (const value of [null, undefined, {}, [], 1n, Symbol('x'), () => 'x'])
    refuses(t, labels({ a: value }), 'RINGMETER_INVALID_OPTION', 'defaultLabels.a');
});

test('default labels cannot have a name that histograms or summaries reserve', async (t) => {
  for (const name of ['le', 'quantile'])
    refuses(t, make(t, { flushWorkers: 0, defaultLabels: { [name]: 'x' } }), 'RINGMETER_RESERVED_LABEL_NAME', name);
});

test('a storage that was not made with new, or has no description, is refused', async (t) => {
  for (const storage of [MemoryStorage, () => {}, { bind() {} }])
    refuses(t, make(t, { flushWorkers: 0, storage }), 'RINGMETER_INVALID_OPTION', 'storage');
});

test('the fixed parts of the arena must fit into maxMemory', async (t) => {
  refuses(
    t,
    make(t, { flushWorkers: 0, maxMemory: 2 ** 20, maxThreads: 1024 }),
    'RINGMETER_INVALID_OPTION',
    'maxMemory',
    '1024 threads',
  );
});

test('a ring must fit into maxMemory', async (t) => {
  refuses(
    t,
    make(t, { flushWorkers: 0, maxMemory: 2 ** 20, ringCapacity: 65_536 }),
    'RINGMETER_INVALID_OPTION',
    'maxMemory',
  );
});

test('the ends of every range are accepted', async (t) => {
  for (const options of [
    undefined,
    {},
    { flushInterval: 0 },
    { flushInterval: 2 ** 31 - 1 },
    { drainInterval: 1 },
    { drainInterval: 60_000 },
    { ringCapacity: 64 },
    { maxMemory: 2 ** 20, ringCapacity: 64 },
    { maxMemory: 2 ** 20 + 1, ringCapacity: 64 },
    { maxThreads: 1 },
    { maxThreads: 1024 },
    { cardinalityLimit: 1 },
    { cardinalityLimit: 2 ** 24 },
    { onFull: 'drop' },
    { storage: [] },
    { worker: {} },
    { worker: { niceIncrement: 19, resourceLimits: { maxOldGenerationSizeMb: 64 } } },
    { defaultLabels: {} },
    { storage: undefined, onFull: undefined, worker: undefined, defaultLabels: undefined },
  ] as CollectorOptions[]) {
    const collector = collectorFor(t, options);
    collector.counter('c').increment();
    t.equal(collector.counter('c').getValue(), 1, JSON.stringify(options));
    await collector.close();
  }
});

test('default labels are on every line, and labels of the series override them', async (t) => {
  const collector = collectorFor(t, { defaultLabels: { service: 'api', zone: 1, canary: false } });
  collector.counter('c').increment(1, { zone: '2' });
  collector.histogram('h', { buckets: [1] }).observe(1);
  t.same(
    [...(await samplesOf(collector)).keys()],
    [
      'c{canary="false",service="api",zone="2"}',
      'h_bucket{canary="false",service="api",zone="1",le="1"}',
      'h_bucket{canary="false",service="api",zone="1",le="+Inf"}',
      'h_sum{canary="false",service="api",zone="1"}',
      'h_count{canary="false",service="api",zone="1"}',
    ],
  );
  t.same((await collector.getAllMetrics())[0].labels, { canary: 'false', service: 'api', zone: '2' });
});
