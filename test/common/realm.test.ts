import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import vm from 'node:vm';
import * as ringmeter from 'ringmeter';
import { type Test, test } from 'tap';

type Package = typeof ringmeter;
const MAIN = require.resolve('ringmeter');

const OWN_TIMERS = { setInterval, clearInterval, setTimeout, clearTimeout, setImmediate, TextEncoder, TextDecoder };

/** As jest has them with jsdom, or with fake timers. */
const ODD_TIMERS = { setInterval: () => 1, setTimeout: () => 1, clearInterval() {}, clearTimeout() {} };

interface Realm {
  readonly realm: Package;
  readonly evaluate: (code: string) => unknown;
  /** From then on nothing can be loaded there. */
  readonly tearDown: () => void;
}

/** Loads the package's modules into a context of their own, with its own globals, as jest does for every test file. */
function loadInRealm(globals: object = OWN_TIMERS): Realm {
  const context = vm.createContext({
    ...{
      process,
      console,
      Buffer,
      performance,
      MessageChannel,
      AbortController,
      AbortSignal,
      URL,
      queueMicrotask,
      ...globals,
    },
  });
  const loaded = new Map<string, { exports: unknown }>();
  let torn = false;
  const load = (file: string): unknown => {
    // as jest does
    if (torn) return undefined;
    const known = loaded.get(file);
    if (known !== undefined) return known.exports;
    const module = { exports: {} };
    loaded.set(file, module);
    const wrapper = `(function (exports, require, module, __filename, __dirname) {${readFileSync(file, 'utf8')}\n})`;
    const within = createRequire(file);
    const requireWithin = (id: string): unknown => (id.startsWith('.') ? load(within.resolve(id)) : within(id));
    const require = Object.assign(requireWithin, { resolve: within.resolve });
    vm.runInContext(wrapper, context, { filename: file })(module.exports, require, module, file, dirname(file));
    return module.exports;
  };
  const tearDown = (): void => {
    torn = true;
  };
  return { realm: load(resolve(MAIN)) as Package, evaluate: (code) => vm.runInContext(code, context), tearDown };
}

function collectorFor(t: Test, { MetricsCollector }: Package, flushWorkers: number): ringmeter.MetricsCollector {
  const collector = new MetricsCollector({ flushWorkers, flushInterval: 0 });
  t.teardown(() => collector.close());
  return collector;
}

for (const flushWorkers of [0, 1])
  test(`another realm of the same thread finds the default collector (flushWorkers: ${flushWorkers})`, async (t) => {
    const collector = collectorFor(t, ringmeter, flushWorkers);
    collector.counter('jobs_total').increment(1);
    const { realm } = loadInRealm();
    t.not(realm.MetricsCollector, ringmeter.MetricsCollector);
    const joined = realm.getMetricsCollector();
    joined.counter('jobs_total').increment(10);
    // a read publishes what was recorded in the realm that reads
    collector.counter('jobs_total').getValue();
    t.equal(joined.counter('jobs_total').getValue(), 11);
    t.equal(collector.counter('jobs_total').getValue(), 11);
    t.equal(realm.attachCollector(collector.handle), joined, 'and it is one collector there');
    await joined.close();
  });

for (const flushWorkers of [0, 1])
  test(`a collector that was made in another realm works as any other (flushWorkers: ${flushWorkers})`, async (t) => {
    const { realm, evaluate } = loadInRealm();
    const collector = collectorFor(t, realm, flushWorkers);
    const outer = ringmeter.attachCollector(collector.handle);
    t.teardown(() => outer.close());
    outer.histogram('h', { labelNames: ['a'], buckets: [1, 2] }).observe(1.5, { a: 'x' });
    const options = evaluate("({ labelNames: ['a'], buckets: [1, 2] })") as { labelNames: ['a']; buckets: number[] };
    collector.histogram('h', options).observe(3, evaluate("({ a: 'x' })") as { a: string });
    outer.histogram('h', options).observe(4, evaluate("({ a: 'x' })") as { a: string });
    outer.summary('s', evaluate('({ quantiles: [0.5] })') as { quantiles: number[] }).observe(1);
    t.throws(() => collector.counter('h'), { code: 'RINGMETER_METRIC_CONFLICT' });
    t.throws(() => outer.histogram('h', { buckets: [3] }), { code: 'RINGMETER_METRIC_CONFLICT' });
    outer.counter('c').increment(1, evaluate("['a']") as never);
    t.equal(outer.stats().invalid, 1, 'a list is no label object, wherever it is from');
    t.equal(await outer.histogram('h').time(() => evaluate('Promise.resolve(7)') as Promise<number>, { a: 'y' }), 7);
    const text = Buffer.from((await collector.exposition()).body).toString();
    t.match(text, /^h_count\{a="x"\} 3$/m);
    t.match(text, /^h_count\{a="y"\} 1$/m);
    t.equal((await collector.getAllMetrics()).length, 3);
    t.equal((await collector.collectAndStore()).unwrap(), 3);
    const from = evaluate('new Date(0)') as Date;
    t.equal((await collector.storage.query({ name: 'h_count', from })).length, 2);
    await t.rejects(collector.storage.query({ name: 'h', from: evaluate('new Date(NaN)') as Date }), {
      code: 'RINGMETER_INVALID_QUERY',
    });
  });

for (const flushWorkers of [0, 1])
  test(`a collector works in a realm whose timers are not node's (flushWorkers: ${flushWorkers})`, async (t) => {
    const { realm } = loadInRealm(ODD_TIMERS);
    const collector = new realm.MetricsCollector({ flushWorkers, collectTimeout: 20, defaultMetrics: true });
    t.teardown(() => collector.close());
    collector.counter('jobs_total').increment();
    collector.gauge('queue_length').collect(() => 3);
    collector.gauge('never').collect(() => new Promise(() => {}));
    await collector.listen({ port: 0 });
    await collector.getAllMetrics();
    const values = new Map((await collector.getAllMetrics()).map(({ name, value }) => [name, value]));
    t.equal(values.get('jobs_total'), 1);
    t.equal(values.get('queue_length'), 3);
    t.ok((await collector.collectAndStore()).isOk());
    t.match(await collector.query('jobs_total'), { samples: [{ value: 1 }] });
  });

test('a realm that is gone before its flushing side starts disturbs nothing else', async (t) => {
  const { realm, tearDown } = loadInRealm();
  const warnings: NodeJS.ErrnoException[] = [];
  const note = (warning: Error): unknown => warnings.push(warning);
  process.on('warning', note);
  t.teardown(() => process.removeListener('warning', note));
  const collector = new realm.MetricsCollector({ flushInterval: 0 });
  tearDown();
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
  t.match(warnings, [{ code: 'RINGMETER_WORKER_FAILED' }]);
  await collector.close().catch(() => {});
});
