import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { collectDefaultMetrics, MetricsCollector } from 'ringmeter';
import { test } from 'tap';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Whatever a collector can have going on, and what comes too late for it. */
async function useUp(flushWorkers: number, freed: FinalizationRegistry<undefined>): Promise<void> {
  const collector = new MetricsCollector({ flushWorkers, maxMemory: 8 * 2 ** 20, defaultMetrics: true });
  freed.register(collector, undefined);
  const counter = collector.counter('jobs_total');
  counter.increment();
  collector.gauge('at_once').collect(() => 1);
  collector.gauge('later').collect(async () => 1);
  await collector.getAllMetrics();
  await collector.close();
  counter.increment();
  collector.gauge('too_late').collect(() => 1);
}

for (const [flushWorkers, rounds] of [
  [0, 12],
  [1, 4],
])
  test(`closed collectors leave no memory behind (flushWorkers: ${flushWorkers})`, async (t) => {
    let alive = rounds;
    const freed = new FinalizationRegistry<undefined>(() => alive--);
    for (let round = 0; round < rounds; round++) await useUp(flushWorkers, freed);
    // the last one may still stand in a register or two
    for (const deadline = Date.now() + 10_000; alive > 1 && Date.now() < deadline; await sleep(50)) collectGarbage();
    t.ok(alive <= 1, `${alive} of ${rounds} are still there`);
  });

test('collectDefaultMetrics explains which option it cannot use', (t) => {
  const code = 'RINGMETER_INVALID_OPTION';
  t.throws(() => collectDefaultMetrics({ register: {} } as never), { code, message: /prom-client/ });
  for (const collector of [{}, 'x', null])
    t.throws(() => collectDefaultMetrics({ collector } as never), { code, message: /collector must be/ });
  t.end();
});

test('default metrics cannot be switched on after close()', async (t) => {
  const collector = new MetricsCollector({ flushWorkers: 0 });
  await collector.close();
  t.throws(() => collector.collectDefaultMetrics(), { code: 'RINGMETER_CLOSED' });
});
