import { test } from 'tap';
import { collectorFor, conserves, samplesOf } from './support';

test('a counter adds up increments, and getValue() sees the writes of its thread', async (t) => {
  const requests = collectorFor(t).counter('requests_total', { labelNames: ['method'] });
  const get = requests.labels({ method: 'GET' });
  get.increment();
  get.inc(5);
  requests.increment(2, { method: 'GET' });
  t.equal(get.getValue(), 8);
  t.equal(requests.getValue({ method: 'POST' }), 0);
});

test('every way to increment a counter reaches the same series, at once', async (t) => {
  const collector = collectorFor(t);
  const requests = collector.counter('http_requests_total', {
    description: 'HTTP requests',
    labelNames: ['method', 'status'] as const,
  });
  const labels = { method: 'GET', status: '200' };
  const ok = requests.labels(labels);
  const steps: [() => void, number][] = [
    [() => ok.increment(), 1],
    [() => ok.increment(5), 6],
    [() => ok.inc(), 7],
    [() => ok.inc(0.5), 7.5],
    [() => requests.increment(1, labels), 8.5],
    [() => requests.inc(1, labels), 9.5],
    [() => collector.counter('http_requests_total', { labels }).increment(), 10.5],
    [() => collector.counter('http_requests_total').labels(labels).inc(), 11.5],
    [() => ok.increment(0), 11.5],
    [() => ok.increment(undefined), 12.5],
  ];
  for (const [step, expected] of steps) {
    step();
    t.equal(ok.getValue(), expected);
    t.equal(requests.getValue(labels), expected);
  }
  t.same([...(await samplesOf(collector))], [['http_requests_total{method="GET",status="200"}', 12.5]]);
  conserves(t, collector, steps.length);
});

test('a counter without labels is one series, also through its short forms', async (t) => {
  const collector = collectorFor(t);
  const jobs = collector.counter('jobs_total');
  jobs.increment();
  jobs.increment(2);
  jobs.inc();
  jobs.inc(3);
  jobs.increment(4, {});
  t.equal(jobs.getValue(), 11);
  t.equal(collector.stats().series, 1);
});

test('a counter is exact beyond the ring, past 2^53 by the rules of float64, and for tiny amounts', async (t) => {
  const collector = collectorFor(t, { ringCapacity: 64 });
  const many = collector.counter('many_total');
  for (let index = 0; index < 10_000; index++) many.increment(index);
  t.equal(many.getValue(), (9_999 * 10_000) / 2);
  const edges = collector.counter('edges');
  for (const [labels, value] of [
    [{ size: 'max' }, Number.MAX_VALUE],
    [{ size: 'min' }, Number.MIN_VALUE],
    [{ size: 'safe' }, Number.MAX_SAFE_INTEGER],
  ] as const) {
    edges.increment(value, labels);
    t.equal(edges.getValue(labels), value);
  }
  const samples = await samplesOf(collector);
  t.equal(samples.get('edges{size="max"}'), Number.MAX_VALUE);
  t.equal(samples.get('edges{size="min"}'), Number.MIN_VALUE);
});

test('asking again for a counter gives the same object, and the same numbers', async (t) => {
  const collector = collectorFor(t);
  const counter = collector.counter('c', { description: 'first', labelNames: ['a'] });
  t.ok(collector.counter('c') === counter);
  t.ok(collector.counter('c', { labelNames: ['a'] }) === counter);
  t.ok(collector.counter('c', { description: 'another description is no conflict' }) === counter);
  t.equal(counter.description, 'first');
  t.equal(counter.name, 'c');
  t.equal(counter.type, 'counter');
  t.equal(counter.labels({ a: '1' }).name, 'c');
});

test('a misspelt label name is a compile error, and counted as invalid at run time', async (t) => {
  const collector = collectorFor(t);
  const counter = collector.counter('c', { labelNames: ['method'] });
  // @ts-expect-error: there is no label of that name
  counter.increment(1, { metod: 'GET' });
  t.equal(collector.stats().invalid, 1);
  t.same([...(await samplesOf(collector))], []);
});
