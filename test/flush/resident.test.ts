import { setTimeout as sleep } from 'node:timers/promises';
import { threadId } from 'node:worker_threads';
import { MetricsCollector } from 'ringmeter';
import { test } from 'tap';
import { Arena } from '../../dist/src/arena/arena.js';
import { openShards, threadMark } from '../../dist/src/arena/shard.js';
import { tryLock, unlock } from '../../dist/src/atomics/mutex.js';

const ROUNDS = 40;

/** How many events have been folded, without draining, which `stats()` does. */
function foldedOf({ handle }: MetricsCollector): () => number {
  const [shard] = openShards(Arena.attach(handle.arena));
  return () => shard.folded;
}

test('where little is recorded, a worker skips several intervals before it drains again', async (t) => {
  const collector = new MetricsCollector({ storage: [], drainInterval: 10, ringCapacity: 1_024 });
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

test('a worker that cannot lock a half full ring tries again soon', async (t) => {
  const ringCapacity = 1_024;
  const collector = new MetricsCollector({ storage: [], drainInterval: 10, ringCapacity });
  t.teardown(() => collector.close());
  const arena = Arena.attach(collector.handle.arena);
  const [shard] = openShards(arena);
  const counter = collector.counter('events_total');
  const untilFolded = async (before: number): Promise<number> => {
    const since = performance.now();
    while (shard.folded === before) await sleep(1);
    return performance.now() - since;
  };
  const waited: number[] = [];
  const woken: number[] = [];
  for (let round = 0; round < 3; round++) {
    // an idle worker comes twice a second
    await sleep(2_000);
    const before = shard.folded;
    t.ok(tryLock(arena.i32, shard.lock, threadMark(threadId)), 'the lock is free');
    for (let i = 0; i < ringCapacity * 0.75; i++) counter.increment();
    await sleep(50);
    t.equal(shard.folded, before, 'nothing is folded without the lock');
    unlock(arena.i32, shard.lock);
    waited.push(await untilFolded(before));
    // as long as it takes anyway on this machine, at this moment, when the thread wakes the worker
    const between = shard.folded;
    for (let i = 0; i < ringCapacity * 0.75; i++) counter.increment();
    woken.push(await untilFolded(between));
  }
  const [soon, atOnce] = [waited, woken].map((times) => times.sort((a, b) => a - b)[1]);
  t.ok(
    soon < atOnce + 200,
    `it came after ${waited.map(Math.round)} ms, and when it was woken after ${woken.map(Math.round)}`,
  );
});

// the smallest of all, and one in which a thread looks just twice
for (const ringCapacity of [64, 128, 1_024])
  test(`a ring of ${ringCapacity} events that becomes half full is drained at once, whatever the interval`, async (t) => {
    const collector = new MetricsCollector({ storage: [], drainInterval: 60_000, ringCapacity });
    t.teardown(() => collector.close());
    const counter = collector.counter('events_total');
    const [shard] = openShards(Arena.attach(collector.handle.arena));
    // A worker may lose its processor after it folded events and before it gave their slots back: only then is there room.
    const freed = (): number => shard.freed;
    // the first drain of all comes when the worker starts
    await collector.getAllMetrics();
    // beside what may be left: half a ring, and what is not published
    const burst = ringCapacity / 8;
    const left = ringCapacity / 2 + Math.min(ringCapacity / 4, 64);
    for (let round = 1; round <= ROUNDS; round++) {
      for (let i = 0; i < burst; i++) counter.increment();
      while (freed() < round * burst - left) await sleep(1);
    }
    t.equal(counter.getValue(), ROUNDS * burst);
    t.equal(collector.stats().foldedInPlace, 0);
  });
