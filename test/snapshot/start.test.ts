import { setTimeout as sleep } from 'node:timers/promises';
import type { MetricsCollector } from 'ringmeter';
import { type Test, test } from 'tap';
import type { Snapshot } from '../../dist/src/snapshot/snapshot.js';
import { presenceIn } from '../../dist/src/snapshot/snapshot.js';
import { startOf } from '../../dist/src/snapshot/start.js';
import { mortal } from '../threads/mortal';

/** The start of a metric's series by the value of its label; of those that the snapshot has. */
function startsIn(snapshot: Snapshot, metric: string): Record<string, number> {
  const family = snapshot.families.find(({ definition }) => definition.name === metric)!;
  const isThere = presenceIn(snapshot, family);
  const starts: Record<string, number> = {};
  for (let index = 0; index < family.series.count; index++)
    if (isThere(index)) starts[family.labels(index)[0][1]] = startOf(snapshot, family, index);
  return starts;
}

/** Lets the wall clock go on by a millisecond at least. @returns the time */
async function later(): Promise<number> {
  const now = Date.now();
  while (Date.now() === now) await sleep(1);
  return Date.now();
}

function isWithin(t: Test, time: number, from: number, to: number, what: string): void {
  t.ok(time >= from && time <= to, `${what}: ${time - from} ms after ${from}, at most ${to - from}`);
}

const OPTIONS = { labelNames: ['id'] } as const;
const METRICS = {
  counter: (collector: MetricsCollector) => collector.counter('m', OPTIONS),
  gauge: (collector: MetricsCollector) => collector.gauge('m', OPTIONS),
  histogram: (collector: MetricsCollector) => collector.histogram('m', OPTIONS),
  summary: (collector: MetricsCollector) => collector.summary('m', OPTIONS),
};

for (const [type, make] of Object.entries(METRICS))
  test(`the start of a series of a ${type} is its registration, its last reset, or the last collect without it`, async (t) => {
    const { collector, collect } = mortal(t);
    const metric = make(collector);
    const record = (id: string): void => {
      if ('observe' in metric) metric.observe(1, { id });
      else metric.increment(1, { id });
    };
    const begin = await later();
    record('a');
    record('b');
    const registered = await later();
    const first = await collect.snapshot();
    const atFirst = startsIn(first, 'm');
    isWithin(t, atFirst.a, begin, registered, 'registered');
    await later();
    record('a');
    t.same(startsIn(await collect.snapshot(), 'm'), atFirst, 'records do not change it');

    const beforeReset = await later();
    metric.reset();
    const afterReset = await later();
    const reset = startsIn(await collect.snapshot(), 'm');
    isWithin(t, reset.a, beforeReset, afterReset, 'reset');
    t.same(startsIn(first, 'm'), atFirst, 'an older snapshot keeps its starts');

    await later();
    metric.remove({ id: 'a' });
    await later();
    const without = await collect.snapshot();
    t.same(startsIn(without, 'm'), { b: reset.b }, 'a removed series is not there, others keep theirs');
    await later();
    record('a');
    const back = await collect.snapshot();
    t.equal(startsIn(back, 'm').a, without.timestamp, 'come back');
    await later();
    record('a');
    t.equal(startsIn(await collect.snapshot(), 'm').a, without.timestamp, 'it stays');

    const beforeRemoval = await later();
    metric.remove({ id: 'a' });
    const afterRemoval = await later();
    record('a');
    isWithin(t, startsIn(await collect.snapshot(), 'm').a, beforeRemoval, afterRemoval, 'back before any collect');
  });

test('a series in the memory of another one has a start of its own', async (t) => {
  const { collector, collect, recycle, reborn } = mortal(t);
  const counter = collector.counter('c', { labelNames: ['id'], ttl: 0.005 });
  for (let id = 0; reborn() < 20; id++) {
    const before = await later();
    counter.increment(1, { id: `${id}` });
    const snapshot = await collect.snapshot();
    const start = startsIn(snapshot, 'c')[id];
    if (start !== undefined && !(start >= before && start <= snapshot.timestamp)) t.fail(`${start}, not ${before}`);
    recycle();
  }
  t.pass('each began after those before it');
});
