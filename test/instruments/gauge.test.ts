import { test } from 'tap';
import { collectorFor, conserves, samplesOf } from './support';

test('a gauge goes up and down, is set, and getValue() sees the writes of its thread', async (t) => {
  const collector = collectorFor(t);
  const active = collector.gauge('active_connections', { description: 'Connections' });
  const steps: [() => void, number][] = [
    [() => active.increment(), 1],
    [() => active.set(10), 10],
    [() => active.increment(2), 12],
    [() => active.decrement(), 11],
    [() => active.inc(), 12],
    [() => active.inc(0.5), 12.5],
    [() => active.dec(), 11.5],
    [() => active.dec(20), -8.5],
    [() => active.set(-0.25), -0.25],
    [() => active.increment(-1), -1.25],
    [() => active.decrement(-1), -0.25],
    [() => active.set(0), 0],
  ];
  for (const [step, expected] of steps) {
    step();
    t.equal(active.getValue(), expected);
  }
  t.equal((await samplesOf(collector)).get('active_connections'), 0);
  conserves(t, collector, steps.length);
});

test('every way to write a gauge reaches the same series', async (t) => {
  const collector = collectorFor(t);
  const active = collector.gauge('active', { labelNames: ['pool'] as const });
  const labels = { pool: 'a' };
  const bound = active.labels(labels);
  const steps: [() => void, number][] = [
    [() => active.set(5, labels), 5],
    [() => bound.increment(), 6],
    [() => active.increment(2, labels), 8],
    [() => active.decrement(1, labels), 7],
    [() => active.inc(1, labels), 8],
    [() => active.dec(3, labels), 5],
    [() => bound.decrement(), 4],
    [() => bound.inc(), 5],
    [() => bound.dec(), 4],
    [() => collector.gauge('active', { labels }).set(1), 1],
    [() => bound.increment(undefined), 2],
  ];
  for (const [step, expected] of steps) {
    step();
    t.equal(bound.getValue(), expected);
    t.equal(active.getValue(labels), expected);
  }
  t.equal(active.getValue({ pool: 'b' }), 0, 'the others were not touched');
  conserves(t, collector, steps.length);
});

test('what was set or added is not lost when the ring overflows between the two', async (t) => {
  const collector = collectorFor(t, { ringCapacity: 64 });
  const gauge = collector.gauge('g');
  let expected = 0;
  for (let index = 0; index < 5_000; index++) {
    if (index % 97 === 0) {
      gauge.set(index);
      expected = index;
    } else {
      gauge.increment(3);
      expected += 3;
    }
    if (index % 611 === 0) t.equal(gauge.getValue(), expected);
  }
  t.equal(gauge.getValue(), expected);
});

test('a set that is dropped changes nothing', async (t) => {
  const collector = collectorFor(t, { ringCapacity: 64, onFull: 'drop' });
  const filler = collector.counter('filler');
  const gauge = collector.gauge('g');
  gauge.set(100);
  for (let round = 1; round <= 4; round++) {
    const { dropped } = collector.stats();
    for (let index = 0; index < 65; index++) filler.increment();
    gauge.set(7);
    // a thread that found its ring full does not look again for 128 records
    for (let index = 0; index < 127; index++) filler.increment();
    t.equal(collector.stats().dropped - dropped, 129, 'the ring was full for the set');
    gauge.increment();
    t.equal(gauge.getValue(), 100 + round, `after ${round} dropped sets`);
  }
});
