import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { MetricsCollector } from 'ringmeter';
import { test } from 'tap';
import { collectorFor, until } from '../instruments/support';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const requests = new AsyncLocalStorage<object>();

/** Does something within a request, and gives a hold of it that does not keep it. */
async function during(act: () => unknown): Promise<WeakRef<object>> {
  const request = new WeakRef({ body: Buffer.alloc(10) });
  await requests.run(request.deref()!, async () => {
    await act();
  });
  // what is being awaited itself is done with after a turn
  await sleep(1);
  return request;
}

async function forgotten(request: WeakRef<object>): Promise<boolean> {
  collectGarbage();
  return request.deref() === undefined;
}

for (const flushWorkers of [0, 1])
  test(`the async context of the request that first uses a feature is not retained (flushWorkers: ${flushWorkers})`, async (t) => {
    const collector = collectorFor(t, { flushWorkers, maxMemory: 8 * 2 ** 20 });
    const counter = collector.counter('requests_total');
    const acts: Record<string, () => unknown> = {
      record: () => counter.increment(),
      collect: () => collector.gauge('at_collect').collect(() => 1),
      'default metrics': () => collector.collectDefaultMetrics(),
      exposition: () => collector.exposition(),
      flush: () => collector.flush(),
      query: () => collector.query('requests_total'),
      listen: () => collector.listen({ port: 0 }),
    };
    for (const [name, act] of Object.entries(acts)) {
      const request = await during(act);
      await until(`the request of ${name} is forgotten`, () => forgotten(request));
    }
    const request = await during(() => collector.close());
    await until('the request of close is forgotten', () => forgotten(request));
  });

test('a collector that is made in a request does not retain the async context of the request', async (t) => {
  let made: MetricsCollector | undefined;
  const request = await during(() => {
    made = new MetricsCollector({ maxMemory: 8 * 2 ** 20, flushWorkers: 1, defaultMetrics: true });
  });
  t.teardown(() => made?.close());
  await until('the request is forgotten', () => forgotten(request));
});

test('a collect-time callback does not run in the context of the request that registered it', async (t) => {
  const collector = collectorFor(t);
  const seen: unknown[] = [];
  await during(() =>
    collector.gauge('g').collect(() => {
      seen.push(requests.getStore());
      return 1;
    }),
  );
  await collector.exposition();
  t.same(seen, [undefined]);
});
