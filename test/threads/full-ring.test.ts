import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { type CollectorOptions, MetricsCollector } from 'ringmeter';
import { type Test, test } from 'tap';
import { Arena } from '../../dist/src/arena/arena.js';
import { int, SHARD } from '../../dist/src/arena/layout.js';
import { openShards, threadMark } from '../../dist/src/arena/shard.js';
import { startDrainer } from './bench';
import { isConserved } from './reference';
import { Stopper } from './stopper';

const EVENTS = 10_000_000;
/** Records between two looks at the clock. */
const SLICE = 1_000;
/** Resident memory that a thread's own heap may gain and lose meanwhile. The events alone would take 160 MB. */
const MOST_GROWTH = 32 * 2 ** 20;

/** The series that the storm goes over. They exist before it. */
function instruments(collector: MetricsCollector) {
  const labels = { kind: 'a' };
  return {
    counter: collector.counter('storm_total').labels(labels),
    histogram: collector.histogram('storm_seconds', { buckets: [1, 2, 4, 8] }).labels(labels),
    gauge: collector.gauge('storm_now').labels(labels),
    summary: collector.summary('storm_sizes').labels(labels),
  };
}

interface Storm {
  /** Milliseconds that the slowest slice took, and all of them together. */
  slowest: number;
  took: number;
  /** Of these, how many the thread has waited for anything but a processor; undefined where nobody tells. */
  waited: number | undefined;
  /** Bytes of resident memory, and of the arena, that the last nine tenths of the storm added. */
  resident: number;
  arena: number;
}

/**
 * Milliseconds for which the calling thread has run, or was ready to run. Source: Linux, "Scheduler Statistics",
 * /proc/<pid>/schedstat: nanoseconds on a processor, nanoseconds in a run queue.
 */
function runnable(): number | undefined {
  try {
    const [ran, queued] = readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ').map(Number);
    return (ran + queued) / 1e6;
  } catch {
    return undefined;
  }
}

/** Records EVENTS events over all instruments, in turn; nothing on this thread yields meanwhile. */
function storm(
  collector: MetricsCollector,
  { counter, histogram, gauge, summary }: ReturnType<typeof instruments>,
): Storm {
  let slowest = 0;
  const slices = (from: number, to: number): void => {
    for (let slice = from; slice < to; slice += SLICE) {
      const began = performance.now();
      for (let event = slice; event < slice + SLICE; event += 4) {
        counter.increment(2);
        histogram.observe(event & 15);
        gauge.increment(1);
        summary.observe(event & 15);
      }
      slowest = Math.max(slowest, performance.now() - began);
    }
  };
  const bytes = (): number => Arena.attach(collector.handle.arena).bytesUsed();
  const began = performance.now();
  const ready = runnable();
  slices(0, EVENTS / 10);
  const before = { resident: process.memoryUsage.rss(), arena: bytes() };
  slices(EVENTS / 10, EVENTS);
  const took = performance.now() - began;
  const waited = ready === undefined ? undefined : took - (runnable()! - ready);
  const resident = process.memoryUsage.rss() - before.resident;
  return { slowest, took, waited, resident, arena: bytes() - before.arena };
}

/** What holds while nobody drains. Reads without the lock would show less, so nothing is read here. */
function checkStorm(t: Test, { slowest, took, waited, resident, arena }: Storm): void {
  t.equal(arena, 0, 'the arena did not grow');
  t.ok(resident < MOST_GROWTH, `resident memory grew by ${Math.round(resident / 1024)} KiB`);
  // the lock was held, and no worker moved, for as long as all of it took. The processor may have been with others.
  t.ok(slowest < Math.max(took / 2, 200), `the slowest ${SLICE} records took ${slowest} ms of ${took} ms`);
  if (waited !== undefined) t.ok(waited < took / 10, `the thread waited for ${waited} ms of ${took} ms`);
}

/** What holds when the ring can be drained again. @param before events of no value that were recorded before the storm */
function checkTotals(
  t: Test,
  collector: MetricsCollector,
  { counter, histogram, gauge, summary }: ReturnType<typeof instruments>,
  before = 0,
): void {
  const each = EVENTS / 4;
  t.equal(counter.getValue(), 2 * each);
  t.equal(gauge.getValue(), each);
  const { count, sum, buckets } = histogram.getValue();
  t.equal(count, each);
  t.equal(sum, (each / 4) * (0 + 4 + 8 + 12));
  t.same(
    buckets.map((bucket) => bucket.count),
    [each / 4, each / 4, each / 2, (each / 4) * 3, each],
  );
  t.same(summary.getQuantile(1), 12);
  const stats = collector.stats();
  t.ok(isConserved(stats), JSON.stringify(stats));
  t.equal(stats.recorded, EVENTS + before);
  t.equal(stats.folded, EVENTS + before);
  t.equal(stats.pending, 0);
  t.equal(stats.dropped, 0);
}

/** A collector with its flush workers, each of which the test can stop. */
async function withWorkers(t: Test, options: CollectorOptions) {
  const workers: Worker[] = [];
  const watch = (worker: Worker): void => void workers.push(worker);
  process.on('worker', watch);
  const collector = new MetricsCollector({ flushInterval: 0, ...options });
  // answers when the workers are there
  await collector.exposition();
  process.off('worker', watch);
  const stoppers = await Promise.all(workers.map((worker) => Stopper.of(worker)));
  t.equal(stoppers.length, options.flushWorkers);
  t.teardown(async () => {
    for (const stopper of stoppers) stopper.release();
    await collector.close();
    for (const stopper of stoppers) stopper.close();
  });
  return { collector, workers, stoppers };
}

test('ten million events from one thread while every flush worker is suspended', async (t) => {
  const { collector, stoppers } = await withWorkers(t, { flushWorkers: 2, ringCapacity: 4096 });
  const metrics = instruments(collector);
  await Promise.all(stoppers.map((stopper) => stopper.stop()));

  checkStorm(t, storm(collector, metrics));

  for (const stopper of stoppers) stopper.release();
  checkTotals(t, collector, metrics);
  t.equal(collector.stats().foldedInPlace, EVENTS - 4096, 'the ring was filled once, and nobody drained it');
});

test('ten million events while the flush worker is stopped in the middle of a drain', async (t) => {
  const { collector, workers, stoppers } = await withWorkers(t, { flushWorkers: 1, ringCapacity: 4096 });
  const metrics = instruments(collector);
  const [stopper] = stoppers;
  await stopper.stopAt('src/drain/drain.js', 'const done = first', 'offset === 3');
  const arena = Arena.attach(collector.handle.arena);
  const [shard] = openShards(arena);
  // of no value; it stops when it has folded some of them
  for (let event = 0; event < 160; event++) metrics.counter.increment(0);
  await stopper.stopped();
  t.equal(Atomics.load(arena.i32, shard.lock), threadMark(workers[0].threadId), 'the worker has the lock');
  const { folded } = shard;
  t.ok(folded >= 3 && folded < 160, `it has folded ${folded} of 160 events, a part of a batch`);
  const freed = Atomics.load(arena.i32, int(shard.base + SHARD.FREED));
  t.equal(freed, folded - 3, 'and has not given their slots back');

  checkStorm(t, storm(collector, metrics));
  t.equal(shard.folded, folded, 'it has not moved');
  const inPlace = shard.count(SHARD.FOLDED_IN_PLACE);
  t.equal(inPlace, EVENTS + 160 - 4096 - freed, 'all but what the ring had room for was folded in place');

  stopper.release();
  await untilFree(arena, shard.lock);
  checkTotals(t, collector, metrics, 160);
});

test('ten million events while a thread holds the lock of the ring and never releases it', async (t) => {
  const collector = new MetricsCollector({ flushWorkers: 1, ringCapacity: 1024, flushInterval: 0 });
  t.teardown(() => collector.close());
  const metrics = instruments(collector);
  metrics.counter.increment(0);
  collector.stats();
  const arena = Arena.attach(collector.handle.arena);
  const [shard] = openShards(arena);
  const holder = await startDrainer(arena);
  const gate = new Int32Array(new SharedArrayBuffer(4));
  holder.postMessage({ task: 'keepLocks', gate });
  while (Atomics.load(gate, 0) === 0) await sleep(1);

  checkStorm(t, storm(collector, metrics));
  t.equal(Atomics.load(arena.i32, shard.lock), threadMark(holder.threadId), 'it still has the lock');
  t.equal(shard.folded, 1, 'nobody drained meanwhile');

  // killed with the lock: who hears of its end frees it
  await holder.terminate();
  checkTotals(t, collector, metrics, 1);
});

async function untilFree(arena: Arena, lock: number): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (Atomics.load(arena.i32, lock) !== 0) {
    if (Date.now() > deadline) throw new Error('the lock is still held');
    await sleep(1);
  }
}
