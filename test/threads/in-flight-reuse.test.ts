import { setTimeout as sleep } from 'node:timers/promises';
import { InFlightMetric, type Metric, MetricsCollector, monitored } from 'ringmeter';
import { test } from 'tap';
import { toMetrics } from '../../dist/src/exposition/metrics.js';
import { mortal } from './mortal';

/** Calls of one function that end when they are told to. */
function callsOf(collector: MetricsCollector, options: ConstructorParameters<typeof InFlightMetric>[1]) {
  const running = new Map<string, () => void>();
  const call = monitored((id: string) => new Promise<void>((resolve) => running.set(id, resolve)), {
    collector,
    inFlightMetric: new InFlightMetric('calls', options),
    labels: (id) => ({ id }),
  });
  return {
    begin: (id: string) => void call(id),
    async end(id: string): Promise<void> {
      running.get(id)?.();
      running.delete(id);
      // the call's promise is settled, and what waits for that has run
      await sleep(0);
    },
  };
}

const callsIn = (metrics: readonly Metric[]): Record<string, number> =>
  Object.fromEntries(
    metrics.flatMap(({ name, labels, value }) => (name === 'calls' ? [[Object.values(labels).join(), value]] : [])),
  ) as Record<string, number>;

for (const removes of [false, true])
  test(`calls that take longer than the ttl of their series keep it, ${removes ? 'though it is removed' : 'alone'}`, async (t) => {
    const { collector, collect, recycle, reborn } = mortal(t);
    const { begin, end } = callsOf(collector, { labelNames: ['id'], ttl: 0.01 });
    const seen = async (): Promise<Record<string, number>> => callsIn(toMetrics(await collect.snapshot()));
    for (let id = 0; id < 20; id++) begin(`long-${id}`);
    if (removes) collector.clear();
    const deadline = Date.now() + 20_000;
    for (let round = 0; reborn() < 60 && Date.now() < deadline; round++) {
      for (let id = 0; id < 20; id++) begin(`${round}-${id}`);
      for (let id = 0; id < 20; id++) await end(`${round}-${id}`);
      for (let turn = 0; turn < 6; turn++) {
        await sleep(5);
        for (const [id, value] of Object.entries(await seen()))
          if (value !== (id.startsWith('long') ? 1 : 0)) t.fail(`${id}: ${value}`);
        recycle();
      }
    }
    t.ok(reborn() >= 60, 'memory of series whose calls have ended was used again');
    const during = await seen();
    t.same(Object.keys(during).filter((id) => id.startsWith('long')).length, 20, 'long calls are shown all the time');
    for (let id = 0; id < 20; id++) await end(`long-${id}`);
    const values = Object.values(await seen());
    t.ok(values.length >= 20);
    t.same([...new Set(values)], [0]);
  });

test('a call ends in the series that it began in, even if its labels have another series by then', async (t) => {
  const collector = new MetricsCollector({ flushWorkers: 0, flushInterval: 0, storage: [] });
  t.teardown(() => collector.close());
  const { begin, end } = callsOf(collector, { labelNames: ['id'], cardinalityLimit: 2 });
  for (const id of ['a', 'b', 'beyond']) begin(id);
  t.same(callsIn(await collector.getAllMetrics()), { a: 1, b: 1, true: 1 });
  await end('a');
  collector.gauge('calls', { labelNames: ['id'], cardinalityLimit: 2 }).remove({ id: 'a' });
  // there is room for another label set now
  await end('beyond');
  begin('beyond');
  for (const id of ['b', 'beyond']) await end(id);
  t.same(callsIn(await collector.getAllMetrics()), { b: 0, beyond: 0, true: 0 });
});
