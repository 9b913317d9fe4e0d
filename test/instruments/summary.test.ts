import { test } from 'tap';
import { collectorFor, conserves, refuses, samplesOf } from './support';

const within = (got: number, exact: number): boolean => Math.abs(got - exact) <= 0.01 * Math.abs(exact);

test('a summary returns count, sum, mean, extremes and quantiles of its window', async (t) => {
  const collector = collectorFor(t);
  const summary = collector.summary('request_duration_seconds', { maxAge: 600, maxSamples: 10_000 });
  for (let index = 1; index <= 100; index++) summary.observe(index / 100);
  const { count, sum, mean, min, max, p50, p90, p95, p99 } = summary.getStatistics();
  t.equal(count, 100);
  t.ok(Math.abs(sum - 50.5) < 1e-9);
  t.ok(Math.abs(mean - 0.505) < 1e-9);
  t.equal(min, 0.01);
  t.equal(max, 1);
  for (const [got, exact] of [
    [p50, 0.5],
    [p90, 0.9],
    [p95, 0.95],
    [p99, 0.99],
    [summary.getQuantile(0.25), 0.25],
  ])
    t.ok(within(got, exact), `${got} is ${exact}`);
  conserves(t, collector, 100);
});

test('an empty summary has no quantiles, and returns undefined for them', async (t) => {
  const collector = collectorFor(t);
  const summary = collector.summary('s');
  t.same(summary.getStatistics(), {
    count: 0,
    sum: 0,
    mean: Number.NaN,
    min: Number.NaN,
    max: Number.NaN,
    p50: Number.NaN,
    p90: Number.NaN,
    p95: Number.NaN,
    p99: Number.NaN,
  });
  t.same(summary.getQuantile(0.5), Number.NaN);
  const samples = await samplesOf(collector);
  t.same(samples.get('s{quantile="0.5"}'), Number.NaN);
  t.equal(samples.get('s_count'), 0);
});

test('every way to observe reaches the same series, and asking again gives the same object', async (t) => {
  const collector = collectorFor(t);
  const s = collector.summary('s', { labelNames: ['route'] as const, quantiles: [0.9, 0.5] });
  const labels = { route: '/' };
  const bound = s.labels(labels);
  bound.observe(1);
  t.equal(bound.getStatistics().count, 1);
  s.observe(2, labels);
  collector.summary('s', { labels }).observe(3);
  t.equal(s.getStatistics(labels).sum, 6);
  t.equal(s.getQuantile(1, labels), bound.getQuantile(1));
  t.ok(collector.summary('s', { quantiles: [0.5, 0.9] }) === s, 'the order of quantiles does not matter');
  t.equal(s.getStatistics({ route: '/other' }).count, 0);
  t.same([...(await samplesOf(collector)).keys()].slice(0, 4), [
    's{route="/",quantile="0.5"}',
    's{route="/",quantile="0.9"}',
    's_sum{route="/"}',
    's_count{route="/"}',
  ]);
});

test('a quantile that is not from 0 to 1 is refused', async (t) => {
  const summary = collectorFor(t).summary('s');
  for (const value of [1, 2, 3]) summary.observe(value);
  for (const wrong of [95, -0.1, Number.NaN, '0.5' as never]) {
    refuses(t, () => summary.getQuantile(wrong), 'RINGMETER_INVALID_OPTION', 'from 0 to 1', String(wrong));
    refuses(t, () => summary.labels({}).getQuantile(wrong), 'RINGMETER_INVALID_OPTION', 'from 0 to 1');
  }
});
