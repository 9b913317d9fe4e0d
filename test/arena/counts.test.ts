import { test } from 'tap';
import { Arena } from '../../dist/src/arena/arena.js';
import { HEADER } from '../../dist/src/arena/layout.js';
import { collectorFor, samplesOf } from '../instruments/support';

for (const before of [2n ** 31n - 1n, 2n ** 32n - 1n])
  test(`counts of what happens go on after ${before}`, async (t) => {
    const collector = collectorFor(t);
    const arena = Arena.attach(collector.handle.arena);
    for (const word of [HEADER.COLLECTS, HEADER.FLUSHES, HEADER.FAILED_FLUSHES, HEADER.SCRAPES])
      arena.i64[word] = before;
    await collector.flush();
    arena.count(HEADER.FAILED_FLUSHES);
    arena.count(HEADER.SCRAPES);
    const { collects, flushes, failedFlushes, scrapes } = collector.stats();
    const next = Number(before) + 1;
    t.same(
      { collects, flushes, failedFlushes, scrapes },
      { collects: next, flushes: next, failedFlushes: next, scrapes: next },
    );
  });

for (const births of [2n ** 31n - 2n, 2n ** 32n - 2n])
  test(`series stay when ${births + 2n} series have been created, and new ones are shown`, async (t) => {
    const collector = collectorFor(t);
    const counter = collector.counter('c', { labelNames: ['i'] });
    counter.increment(1, { i: 'first' });
    Arena.attach(collector.handle.arena).i64[HEADER.BIRTHS] = births;
    for (const i of ['a', 'b', 'c', 'd']) {
      counter.increment(2, { i });
      const shown = await samplesOf(collector);
      t.equal(shown.get('c{i="first"}'), 1);
      t.equal(shown.get(`c{i="${i}"}`), 2);
    }
  });

test('an addition counts while a set lets the epochs skip 0, and after it', async (t) => {
  const collector = collectorFor(t);
  const gauge = collector.gauge('g');
  const handle = gauge.labels({});
  const { i32 } = Arena.attach(collector.handle.arena);
  const { epoch } = handle as unknown as { epoch: number };
  i32[epoch] = -2;
  handle.set(42);
  t.equal(gauge.getValue(), 42);
  // a thread that sets has taken 0 and not yet skipped it
  i32[epoch] = 0;
  handle.increment(1);
  t.equal(gauge.getValue(), 43);
  handle.set(7);
  handle.increment(1);
  t.equal(gauge.getValue(), 8);
});
