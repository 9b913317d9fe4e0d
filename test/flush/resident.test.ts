import { setTimeout as sleep } from 'node:timers/promises';
import { MetricsCollector } from 'ringmeter';
import { test } from 'tap';
import { Arena } from '../../dist/src/arena/arena.js';
import { openShards } from '../../dist/src/arena/shard.js';

const RING = 1_024;
const ROUNDS = 40;
/** At most a ring with what may be left of it: half, and what is not published. */
const BURST = RING / 4;
/** Most events that a thread has written and not published. */
const UNPUBLISHED = 64;

/** How many events have been folded, without draining, which `stats()` does. */
function foldedOf({ handle }: MetricsCollector): () => number {
  const [shard] = openShards(Arena.attach(handle.arena));
  return () => shard.folded;
}

test('where little is recorded, a worker lets several intervals go by before it drains again', async (t) => {
  const collector = new MetricsCollector({ storage: [], drainInterval: 10, ringCapacity: RING });
  t.teardown(() => collector.close());
  const counter = collector.counter('events_total');
  const folded = foldedOf(collector);
  const seen = new Set<number>();
  const end = performance.now() + 2_000;
  while (performance.now() < end) {
    counter.increment();
    seen.add(folded());
    await sleep(2);
  }
  t.ok(seen.size > 1 && seen.size < 40, `${seen.size - 1} drains found something in 2 s, where 200 would fit`);
});

test('a ring that becomes half full is drained at once, whatever the interval', async (t) => {
  const collector = new MetricsCollector({ storage: [], drainInterval: 60_000, ringCapacity: RING });
  t.teardown(() => collector.close());
  const counter = collector.counter('events_total');
  const folded = foldedOf(collector);
  // the first drain of all comes when the worker starts
  await collector.getAllMetrics();
  for (let round = 1; round <= ROUNDS; round++) {
    for (let i = 0; i < BURST; i++) counter.increment();
    while (folded() < round * BURST - RING / 2 - UNPUBLISHED) await sleep(1);
  }
  t.equal(counter.getValue(), ROUNDS * BURST);
  t.equal(collector.stats().foldedInPlace, 0);
});
