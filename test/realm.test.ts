import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import vm from 'node:vm';
import * as ringmeter from 'ringmeter';
import { type Test, test } from 'tap';

type Package = typeof ringmeter;
const MAIN = require.resolve('ringmeter');

/** Loads the package's modules into a context of their own, with its own globals, as jest does for every test file. */
function loadInRealm(): { realm: Package; evaluate: (code: string) => unknown } {
  const context = vm.createContext({
    ...{ process, console, Buffer, performance, setInterval, clearInterval, setTimeout, clearTimeout, setImmediate },
    ...{ TextEncoder, TextDecoder, MessageChannel, AbortController, URL, queueMicrotask },
  });
  const loaded = new Map<string, { exports: unknown }>();
  const load = (file: string): unknown => {
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
  return { realm: load(resolve(MAIN)) as Package, evaluate: (code) => vm.runInContext(code, context) };
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
  test(`a collector that was made in another realm does what any does (flushWorkers: ${flushWorkers})`, async (t) => {
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
