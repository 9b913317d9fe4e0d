import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { exponentialBuckets, type MetricsCollector } from 'ringmeter';
import { test } from 'tap';
import { Arena } from '../../dist/src/arena/arena.js';
import { columnsUsed } from '../../dist/src/arena/columns.js';
import { collectorFor, conserves, samplesOf } from './support';

const warnings: string[] = [];
process.on('warning', (warning) => warnings.push(`${(warning as { code?: string }).code} ${warning.message}`));

/** What the arena has given away. */
function taken(collector: MetricsCollector): { bytes: number; columns: number; series: number } {
  const { bytes, series } = collector.stats();
  return { bytes, series, columns: columnsUsed(Arena.attach(collector.handle.arena)) };
}

test('label sets without memory for cells take no memory, however many there are, and are warned about once per reason', async (t) => {
  const collector = collectorFor(t, {
    maxMemory: 8 * 2 ** 20,
    ringCapacity: 1024,
    maxThreads: 1,
    cardinalityLimit: 2 ** 24,
  });
  const histogram = collector.histogram('h_seconds', { buckets: exponentialBuckets(1e-6, 1.01, 2_000) });
  for (let id = 0; id < 2_000; id++) histogram.observe(1, { id });
  const before = taken(collector);
  t.ok(before.series < 2_000, `only ${before.series} fit`);
  t.equal(before.columns, before.series * 2_002);
  for (let id = 0; id < 20_000; id++) histogram.observe(1, { id: `x${id}` });
  t.same(taken(collector), before);
  conserves(t, collector, 22_000);
  await new Promise(setImmediate);
  t.match(warnings.splice(0), [
    /^RINGMETER_OUT_OF_MEMORY no new series for h_seconds: maxMemory is full;/,
    /^RINGMETER_OUT_OF_MEMORY no memory for the cells of a series/,
  ]);
});

test('each metric whose label sets are refused is warned about once per reason, also on another thread', async (t) => {
  const collector = collectorFor(t, { seriesLimit: 13, cardinalityLimit: 4 });
  const names = ['a', 'b', 'c', 'd', 'e'];
  const flood = (): void => {
    for (const name of names) for (let id = 0; id < 100; id++) collector.counter(name).increment(1, { id });
  };
  flood();
  const code = `
    const collector = require('ringmeter').attachCollector(require('node:worker_threads').workerData);
    for (const name of ${JSON.stringify(names)}) for (let n = 0; n < 100; n++) collector.counter(name).increment(1, { n });
  `;
  await once(new Worker(code, { eval: true, workerData: collector.handle }), 'exit');
  flood();
  await new Promise(setImmediate);
  const reasons = warnings
    .splice(0)
    .map(
      (warning) => /\b[a-e] has reached its cardinalityLimit of 4|for [a-e]: .* seriesLimit of 13/.exec(warning)?.[0],
    );
  const all = 'all metrics together have reached the seriesLimit of 13';
  t.same(reasons, [
    'a has reached its cardinalityLimit of 4',
    'b has reached its cardinalityLimit of 4',
    `for c: ${all}`,
    `for d: ${all}`,
    `for e: ${all}`,
  ]);
});

test('label sets that do not fit into the directory or the arena take no memory either', async (t) => {
  for (const pad of ['', 'x'.repeat(500)]) {
    const collector = collectorFor(t, {
      maxMemory: 2 ** 21,
      ringCapacity: 64,
      maxThreads: 1,
      cardinalityLimit: 2 ** 24,
    });
    const counter = collector.counter('c_total');
    for (let id = 0; id < 10_000; id++) counter.increment(1, { id: `${pad}${id}` });
    const before = taken(collector);
    t.ok(before.series < 10_000, `only ${before.series} fit`);
    t.equal(before.columns, before.series);
    for (let id = 0; id < 10_000; id++) counter.increment(1, { id: `${pad}-${id}` });
    const after = taken(collector);
    t.ok(after.bytes <= before.bytes + 2 ** 15, 'a page of overflow cells for the series that they share');
    t.same({ ...after, bytes: 0 }, { ...before, bytes: 0 });
    const own = before.series - 1;
    for (let id = 0; id < own; id++) counter.increment(1, { id: `${pad}${id}` });
    t.equal(counter.getValue({ id: `${pad}0` }), 2, 'those that are there are found');
    t.equal(counter.getValue({ id: `${pad}${own - 1}` }), 2);
    conserves(t, collector, 20_000 + own);
  }
});

test('a label set that exists is found beyond the limit, also when another thread made it', async (t) => {
  warnings.length = 0;
  const collector = collectorFor(t, { cardinalityLimit: 4 });
  const counter = collector.counter('c_total', { labelNames: ['a', 'b'] });
  counter.increment(1, { a: '1', b: '1' });
  const code = `
    const counter = require('ringmeter').attachCollector(require('node:worker_threads').workerData).counter('c_total');
    for (let n = 0; n < 3; n++) counter.increment(1, { a: 'thread', b: n });
  `;
  await once(new Worker(code, { eval: true, workerData: collector.handle, execArgv: ['--no-warnings'] }), 'exit');
  for (let n = 0; n < 1_000; n++) counter.increment(1, { a: 'flood', b: n });
  for (let times = 0; times < 3; times++) {
    counter.increment(1, { b: '1', a: '1' });
    for (let n = 0; n < 3; n++) counter.increment(1, { a: 'thread', b: n });
  }
  counter.labels({ a: 'flood', b: 7 }).increment();
  t.same(Object.fromEntries(await samplesOf(collector)), {
    'c_total{a="1",b="1"}': 4,
    'c_total{a="thread",b="0"}': 4,
    'c_total{a="thread",b="1"}': 4,
    'c_total{a="thread",b="2"}': 4,
    'c_total{ringmeter_overflow="true"}': 1_001,
  });
  conserves(t, collector, 1_017);
  t.same(
    warnings.filter((warning) => warning.startsWith('RINGMETER_OUT_OF_MEMORY')),
    [],
  );
});

test('a record of a label set beyond the limit, or without memory, makes hardly any garbage', async (t) => {
  const flood = Array.from({ length: 2_000 }, (_, n) => ({ user: `u${n}`, route: '/', status: 200 }));
  for (const options of [{ cardinalityLimit: 10 }, { maxMemory: 2 ** 20, ringCapacity: 64, maxThreads: 1 }]) {
    const collector = collectorFor(t, options);
    const counter = collector.counter('c_total');
    if ('maxMemory' in options) for (let n = 0; n < 20_000; n++) counter.increment(1, { n });
    const growths = Array.from({ length: 20 }, () => {
      const before = process.memoryUsage().heapUsed;
      for (const labels of flood) counter.increment(1, labels);
      return (process.memoryUsage().heapUsed - before) / flood.length;
    });
    // one that a collection fell into is negative; the first ones are not optimized code yet
    const usual = growths.slice(5).sort((a, b) => a - b)[10];
    t.ok(usual < 100, `${usual.toFixed(0)} bytes a record: ${growths.map(Math.round)}`);
  }
});
