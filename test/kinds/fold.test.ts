import fc from 'fast-check';
import { test } from 'tap';
import { VALUE_COLUMN } from '../../dist/src/kinds/counter.js';
import { HISTOGRAM_COLUMNS } from '../../dist/src/kinds/histogram-cells.js';
import { collectorFor, conserves, SEED } from '../instruments/support';
import { FoldBench } from './bench';

const SHARDS = 3;
const place = fc.record({ shard: fc.nat(SHARDS - 1), overflow: fc.boolean() });
/** Multiples of 1/8: sums are exact in any order. */
const eighths = (min: number, max: number) => fc.integer({ min, max }).map((value) => value / 8);

test(`counters of any shards, folded in place or not, add up (RINGMETER_SEED=${SEED})`, async (t) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(eighths(0, 1e6), place)), (events) => {
      const bench = new FoldBench('counter', {}, SHARDS);
      for (const [value, where] of events) bench.fold('COUNTER_ADD', value, where);
      return bench.merged()[VALUE_COLUMN] === events.reduce((sum, [value]) => sum + value, 0);
    }),
    { seed: SEED, numRuns: 200 },
  );
  t.pass();
});

test(`histograms of any shards, folded in place or not, add up (RINGMETER_SEED=${SEED})`, async (t) => {
  const bounds = fc
    .uniqueArray(eighths(-200, 200), { minLength: 1, maxLength: 20 })
    .map((list) => list.sort((a, b) => a - b));
  fc.assert(
    fc.property(bounds, fc.array(fc.tuple(eighths(-300, 300), place)), (buckets, events) => {
      const bench = new FoldBench('histogram', { buckets }, SHARDS);
      for (const [value, where] of events) bench.fold('OBSERVE', value, where);
      const columns = bench.merged();
      const upTo = (bound: number): number => events.filter(([value]) => value <= bound).length;
      let before = 0;
      const fits = [...buckets, Number.POSITIVE_INFINITY].every((bound, bucket) => {
        before += columns[HISTOGRAM_COLUMNS.COUNTS + bucket];
        return before === upTo(bound);
      });
      return fits && columns[HISTOGRAM_COLUMNS.SUM] === events.reduce((sum, [value]) => sum + value, 0);
    }),
    { seed: SEED, numRuns: 200 },
  );
  t.pass();
});

const step = fc.record({
  kind: fc.constantFrom('counter', 'histogram', 'summary', 'set', 'add', 'read'),
  series: fc.nat(3),
  value: fc.nat(100),
});

test(`one thread with a ring of 64 and no drainer has the same results as a naive implementation (RINGMETER_SEED=${SEED})`, async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 100, maxLength: 600, size: 'max' }), async (steps) => {
      const collector = collectorFor(t, { ringCapacity: 64, maxMemory: 2 ** 23 });
      const counter = collector.counter('c');
      const histogram = collector.histogram('h', { buckets: [10, 50] });
      const summary = collector.summary('s');
      const gauge = collector.gauge('g');
      const expected = { c: [0, 0, 0, 0], h: [0, 0, 0, 0], low: [0, 0, 0, 0], s: [0, 0, 0, 0], g: [0, 0, 0, 0] };
      let calls = 0;
      for (const { kind, series, value } of steps) {
        const labels = { series };
        if (kind !== 'read') calls++;
        switch (kind) {
          case 'counter':
            counter.increment(value, labels);
            expected.c[series] += value;
            break;
          case 'histogram':
            histogram.observe(value, labels);
            expected.h[series] += value;
            expected.low[series] += value <= 10 ? 1 : 0;
            break;
          case 'summary':
            summary.observe(value, labels);
            expected.s[series] += value;
            break;
          case 'set':
            gauge.set(value, labels);
            expected.g[series] = value;
            break;
          case 'add':
            gauge.increment(value, labels);
            expected.g[series] += value;
            break;
          default:
            // only now and then, or the ring would never be full
            if (value === 0 && gauge.getValue(labels) !== expected.g[series]) return false;
        }
      }
      const all = [0, 1, 2, 3].map((series) => ({ series }));
      t.same(
        all.map((labels) => counter.getValue(labels)),
        expected.c,
      );
      t.same(
        all.map((labels) => histogram.getValue(labels).sum),
        expected.h,
      );
      t.same(
        all.map((labels) => histogram.getValue(labels).buckets[0].count),
        expected.low,
      );
      t.same(
        all.map((labels) => summary.getStatistics(labels).sum),
        expected.s,
      );
      t.same(
        all.map((labels) => gauge.getValue(labels)),
        expected.g,
      );
      conserves(t, collector, calls);
      await collector.close();
      return t.passing();
    }),
    { seed: SEED, numRuns: 15 },
  );
});
