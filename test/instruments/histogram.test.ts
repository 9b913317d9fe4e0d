import { test } from 'tap';
import { collectorFor, conserves, refuses, samplesOf } from './support';

test('a histogram counts observations up to and including each bound', async (t) => {
  const collector = collectorFor(t);
  const latency = collector.histogram('response_time_seconds', { buckets: [0.1, 0.5, 1] });
  for (const value of [0.05, 0.1, 0.10001, 0.5, 1, 1.5, -3]) latency.observe(value);
  t.same(latency.getValue(), {
    count: 7,
    sum: 0.05 + 0.1 + 0.10001 + 0.5 + 1 + 1.5 - 3,
    buckets: [
      { le: 0.1, count: 3 },
      { le: 0.5, count: 5 },
      { le: 1, count: 6 },
      { le: Number.POSITIVE_INFINITY, count: 7 },
    ],
  });
  const samples = await samplesOf(collector);
  t.same(
    [...samples.keys()],
    [
      'response_time_seconds_bucket{le="0.1"}',
      'response_time_seconds_bucket{le="0.5"}',
      'response_time_seconds_bucket{le="1"}',
      'response_time_seconds_bucket{le="+Inf"}',
      'response_time_seconds_sum',
      'response_time_seconds_count',
    ],
  );
  t.equal(samples.get('response_time_seconds_count'), 7);
  conserves(t, collector, 7);
});

test('without buckets a histogram has the usual eleven', async (t) => {
  const { buckets } = collectorFor(t).histogram('h').getValue();
  t.same(
    buckets.map(({ le }) => le),
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, Number.POSITIVE_INFINITY],
  );
});

test('every way to observe reaches the same series, and asking again gives the same object', async (t) => {
  const collector = collectorFor(t);
  const h = collector.histogram('h', { buckets: [1, 2], labelNames: ['route'] as const });
  const labels = { route: '/' };
  const bound = h.labels(labels);
  bound.observe(1);
  t.equal(bound.getValue().count, 1);
  h.observe(2, labels);
  t.equal(bound.getValue().count, 2);
  collector.histogram('h', { labels }).observe(3);
  t.equal(bound.getValue().count, 3);
  t.equal(h.getValue(labels).sum, 6);
  t.ok(collector.histogram('h', { buckets: [1, 2] }) === h);
  t.ok(collector.histogram('h', { buckets: [1, 2, Number.POSITIVE_INFINITY] }) === h, '+Inf is always there');
  t.same(h.getValue({ route: '/other' }).count, 0);
});

test('quantiles are interpolated within a bucket, and need observations', async (t) => {
  const h = collectorFor(t).histogram('h', { buckets: [1, 2, 4] });
  t.same(h.getQuantile(0.5), Number.NaN);
  for (const value of [0.5, 1.5, 1.5, 3]) h.observe(value);
  t.equal(h.getQuantile(0.25), 1);
  t.equal(h.getQuantile(0.5), 1.5);
  t.equal(h.getQuantile(1), 4);
  t.equal(h.labels({}).getQuantile(0.5), 1.5);
  h.observe(100);
  t.equal(h.getQuantile(0.99), 4, 'beyond the last bound nothing is known but that bound');
  for (const wrong of [95, -0.1, 1.1, Number.NaN, '0.5' as never]) {
    refuses(t, () => h.getQuantile(wrong), 'RINGMETER_INVALID_OPTION', 'from 0 to 1', String(wrong));
    refuses(t, () => h.labels({}).getQuantile(wrong), 'RINGMETER_INVALID_OPTION', 'from 0 to 1');
  }
});

test('the caller may change its bucket list afterwards', async (t) => {
  const buckets = [1, 2];
  const h = collectorFor(t).histogram('h', { buckets });
  buckets[0] = 99;
  h.observe(1.5);
  t.same(
    h.getValue().buckets.map(({ le }) => le),
    [1, 2, Number.POSITIVE_INFINITY],
  );
});
