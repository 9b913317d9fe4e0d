import fc from 'fast-check';
import { test } from 'tap';
import { Arena } from '../../dist/src/arena/arena.js';
import { Drainer } from '../../dist/src/drain/drain.js';
import { PROMETHEUS_TEXT } from '../../dist/src/exposition/prometheus.js';
import { TextRenderer } from '../../dist/src/exposition/renderer.js';
import { Collect } from '../../dist/src/snapshot/collect.js';
import type { Snapshot } from '../../dist/src/snapshot/snapshot.js';
import { collectorFor, SEED } from '../instruments/support';

const value = fc.oneof(
  fc.constantFrom(0, 1, 9, 10, 99, 100, 0.1, 1e9, 1e21, 1e-9, Number.MAX_VALUE),
  fc.double({ min: 0, max: 1e6, noNaN: true }),
);
const step = fc.record({
  kind: fc.constantFrom(
    'counter',
    'gauge',
    'histogram',
    'summary',
    'remove',
    'remove',
    'reset',
    'some',
    'render',
    'render',
  ),
  series: fc.nat(5),
  value,
});

test(`repeated rendering gives the same text as a new renderer (RINGMETER_SEED=${SEED})`, async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 120, size: 'max' }), async (steps) => {
      const collector = collectorFor(t, { maxMemory: 2 ** 23 });
      const arena = Arena.attach(collector.handle.arena);
      const collect = new Collect(arena, new Drainer(arena, 1_000_000));
      const kept = new TextRenderer(PROMETHEUS_TEXT);
      const record = {
        counter: (by: number, of: string) => collector.counter('c').increment(by, { of }),
        gauge: (to: number, of: string) => collector.gauge('g').set(-to, { of }),
        histogram: (seen: number, of: string) => collector.histogram('h').observe(seen, { of }),
        summary: (seen: number, of: string) => collector.summary('s').observe(seen, { of }),
        remove: (_: number, of: string) => {
          for (const metric of [collector.counter('c'), collector.gauge('g'), collector.histogram('h')])
            metric.remove({ of });
        },
        reset: () => collector.reset(),
      };
      for (const { kind, series, value } of steps) {
        if (kind !== 'render' && kind !== 'some') {
          record[kind](value, `${'x'.repeat(series * 40)}"\n`);
          continue;
        }
        const snapshot = await collect.snapshot();
        // a scrape of some metrics only must not disturb the others, which show an earlier snapshot then
        const names = kind === 'some' ? ['g', 'h_sum'] : undefined;
        const anew = Buffer.from(new TextRenderer(PROMETHEUS_TEXT).render(snapshot, names)).toString();
        if (Buffer.from(kept.render(snapshot, names)).toString() !== anew) return false;
      }
      return true;
    }),
    { seed: SEED, numRuns: 60 },
  );
  t.pass();
});

test('a value that becomes NaN and a number again is shown correctly each time', async (t) => {
  const collector = collectorFor(t);
  const summary = collector.summary('s', { maxAge: 0.05 });
  const shown = async (): Promise<string> => Buffer.from((await collector.exposition()).body).toString();
  summary.observe(3);
  t.match(await shown(), /quantile="0.5"} 3\n/);
  while (!(await shown()).includes('quantile="0.5"} NaN\n'));
  summary.observe(5);
  t.match(await shown(), /quantile="0.5"} 5\n/);
});

test('some metrics of a snapshot can be rendered after all of a later snapshot with more series', async (t) => {
  const collector = collectorFor(t);
  const arena = Arena.attach(collector.handle.arena);
  const collect = new Collect(arena, new Drainer(arena, 1_000_000));
  const kept = new TextRenderer(PROMETHEUS_TEXT);
  const render = (snapshot: Snapshot, names?: string[]): string => Buffer.from(kept.render(snapshot, names)).toString();
  collector.counter('c').increment();
  collector.gauge('g').set(5);
  const earlier = await collect.snapshot();
  collector.counter('c').increment(8);
  for (let series = 0; series < 20; series++) collector.gauge('g').set(7, { series: String(series) });
  const later = await collect.snapshot();
  t.match(render(later), /^c 9\n/m);
  t.match(render(earlier, ['c']), /^c 1\n/m);
  t.match(render(later), /^c 9\n/m);
  t.equal(render(later).match(/^g\{series="\d+"\} 7$/gm)?.length, 20);
});

test('a rendering that fails half way does not affect the next one', async (t) => {
  const collector = collectorFor(t);
  const arena = Arena.attach(collector.handle.arena);
  const collect = new Collect(arena, new Drainer(arena, 1_000_000));
  const kept = new TextRenderer(PROMETHEUS_TEXT);
  const render = async (first: number, column?: number): Promise<string> => {
    collector.gauge('first').set(first);
    collector.gauge('second').set(1);
    const snapshot = await collect.snapshot();
    const values = new Proxy(snapshot.values, {
      get: (target, key) => {
        if (column !== undefined && key === String(column)) throw new RangeError('Array buffer allocation failed');
        return Reflect.get(target, key);
      },
    });
    return Buffer.from(kept.render({ ...snapshot, values })).toString();
  };
  t.match(await render(9), /^first 9\n/m);
  const second = (await collect.snapshot()).families.find(({ definition }) => definition.name === 'second')!;
  await t.rejects(render(12, second.series.columns[0]), RangeError);
  t.match(await render(7), /^first 7\n/m);
});
