import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { MetricsCollector } from 'ringmeter';
import { type Test, test } from 'tap';
import { isConserved } from './reference';

const EVENTS = 10_000_000;

/** Records EVENTS events over all instruments, in turn; nothing on this thread yields meanwhile. */
function storm(collector: MetricsCollector) {
  const counter = collector.counter('storm_total').labels({ kind: 'a' });
  const histogram = collector.histogram('storm_seconds', { buckets: [1, 2, 4, 8] }).labels({ kind: 'a' });
  const gauge = collector.gauge('storm_now').labels({ kind: 'a' });
  const summary = collector.summary('storm_sizes').labels({ kind: 'a' });
  const round = (from: number, to: number): void => {
    for (let event = from; event < to; event += 4) {
      counter.increment(2);
      histogram.observe(event & 15);
      gauge.increment(1);
      summary.observe(event & 15);
    }
  };
  round(0, EVENTS / 10);
  const warm = collector.stats().bytes;
  round(EVENTS / 10, EVENTS);
  return { counter, histogram, gauge, summary, grown: collector.stats().bytes - warm };
}

function check(t: Test, collector: MetricsCollector, { counter, histogram, gauge, grown }: ReturnType<typeof storm>) {
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
  t.equal(grown, 0, 'the arena did not grow');
  const stats = collector.stats();
  t.ok(isConserved(stats), JSON.stringify(stats));
  t.equal(stats.recorded, EVENTS);
  t.equal(stats.folded, EVENTS);
  t.ok(stats.foldedInPlace > 0, `${stats.foldedInPlace} folded in place`);
}

test('ten million events from one thread while nobody else drains', async (t) => {
  const collector = new MetricsCollector({ flushWorkers: 0 });
  t.teardown(() => collector.close());
  check(t, collector, storm(collector));
});

test('ten million events while a stopped thread holds the lock of the ring', async (t) => {
  const collector = new MetricsCollector({ flushWorkers: 1, ringCapacity: 1024 });
  t.teardown(() => collector.close());
  collector.counter('storm_total').increment(0, { kind: 'a' });
  const gate = new SharedArrayBuffer(4);
  const word = new Int32Array(gate);
  const holder = new Worker(join(__dirname, '../fixtures/drainer.cjs'), {
    workerData: { arena: collector.handle.arena, gate },
    execArgv: [],
  });
  await once(holder, 'message');
  Atomics.wait(word, 0, 0, 5000);
  t.equal(Atomics.load(word, 0), 1, 'the holder has the lock and does not move');

  const outcome = storm(collector);

  t.ok(collector.stats().foldedInPlace > EVENTS - 10_000, 'nearly everything was folded in place');
  Atomics.store(word, 0, 2);
  Atomics.notify(word, 0);
  await once(holder, 'exit');
  collector.counter('storm_total').increment(0, { kind: 'a' });
  const stats = collector.stats();
  t.equal(stats.recorded, EVENTS + 2);
  t.equal(stats.folded, EVENTS + 2);
  t.equal(outcome.counter.getValue(), EVENTS / 2);
  t.equal(outcome.histogram.getValue().count, EVENTS / 4);
  t.equal(outcome.gauge.getValue(), EVENTS / 4);
  t.equal(outcome.grown, 0, 'the arena did not grow');
});
