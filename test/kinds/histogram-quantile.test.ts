import fc from 'fast-check';
import { test } from 'tap';
import { histogramQuantile } from '../../dist/src/kinds/histogram-value.js';
import { SEED } from '../instruments/support';

/** What Prometheus' documentation says `histogram_quantile` does, step by step, on cumulative buckets. */
function byTheBook(quantile: number, bounds: readonly number[], counts: readonly number[]): number {
  if (Number.isNaN(quantile)) return Number.NaN;
  if (quantile < 0) return Number.NEGATIVE_INFINITY;
  if (quantile > 1) return Number.POSITIVE_INFINITY;
  const cumulative = counts.map((_, index) => counts.slice(0, index + 1).reduce((sum, count) => sum + count, 0));
  const observations = cumulative[cumulative.length - 1];
  if (observations === 0) return Number.NaN;
  const rank = quantile * observations;
  const bucket = cumulative.findIndex((count) => count >= rank);
  if (bucket === bounds.length) return bounds[bounds.length - 1];
  if (bucket === 0 && bounds[0] <= 0) return bounds[0];
  const [start, before] = bucket === 0 ? [0, 0] : [bounds[bucket - 1], cumulative[bucket - 1]];
  return start + (bounds[bucket] - start) * ((rank - before) / (cumulative[bucket] - before));
}

const close = (got: number, expected: number): boolean =>
  Object.is(got, expected) || Math.abs(got - expected) <= 1e-9 * Math.max(Math.abs(got), Math.abs(expected), 1e-9);

test('histogramQuantile has the answers of Prometheus in every corner', async (t) => {
  const inf = Number.POSITIVE_INFINITY;
  const rows: [quantile: number, bounds: number[], counts: number[], expected: number, why: string][] = [
    [0.5, [1, 2, 4], [0, 0, 0, 0], Number.NaN, 'no observations'],
    [Number.NaN, [1], [1, 1], Number.NaN, 'no quantile'],
    [-0.01, [1], [1, 1], -inf, 'below 0'],
    [1.01, [1], [1, 1], inf, 'above 1'],
    [0.5, [10], [4, 0], 5, 'the first bucket begins at 0'],
    [0, [10], [4, 0], 0, 'its beginning'],
    [1, [10], [4, 0], 10, 'its end'],
    [0.5, [-10, 10], [4, 0, 0], -10, 'unless its bound is not positive: then its bound is the answer'],
    [0.5, [0, 10], [4, 0, 0], 0, 'nor is 0'],
    [0.5, [-10, 10], [0, 4, 0], 0, 'a bucket across 0'],
    [0.99, [1, 2], [1, 1, 98], 2, 'in +Inf the highest finite bound'],
    [1, [1, 2], [0, 0, 5], 2, 'all in +Inf'],
    [0.5, [1, 2, 4], [2, 0, 2, 0], 1, 'a rank on a bound is the bound, also before an empty bucket'],
    [0.75, [1, 2, 4], [2, 0, 2, 0], 3, 'an empty bucket in between is skipped'],
    [0.9, [1, 2, 4], [0, 10, 0, 0], 1.9, 'within the bucket it is linear'],
  ];
  for (const [quantile, bounds, counts, expected, why] of rows) {
    t.ok(close(histogramQuantile(quantile, bounds, counts), expected), why);
    t.ok(close(byTheBook(quantile, bounds, counts), expected), `${why}, by the book`);
  }
});

test(`histogramQuantile agrees with Prometheus' rules for any histogram (RINGMETER_SEED=${SEED})`, async (t) => {
  const bounds = fc
    .uniqueArray(fc.integer({ min: -20, max: 100 }), { minLength: 1, maxLength: 12 })
    .map((list) => list.sort((a, b) => a - b));
  const histogram = bounds.chain((list) =>
    fc.tuple(
      fc.constant(list),
      fc.array(fc.oneof(fc.constant(0), fc.nat(1000)), { minLength: list.length + 1, maxLength: list.length + 1 }),
    ),
  );
  const quantile = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0.5, 0.9, 1, Number.NaN));
  fc.assert(
    fc.property(quantile, histogram, (q, [list, counts]) => {
      // a quantile of 0 in an empty first bucket is the one case in which Prometheus divides by zero
      fc.pre(!(q === 0 && counts[0] === 0));
      return close(histogramQuantile(q, list, counts), byTheBook(q, list, counts));
    }),
    { seed: SEED, numRuns: 2_000 },
  );
  t.pass();
});

test('quantile 0 is a number where Prometheus divides by zero: the lower end of the first bucket', async (t) => {
  t.same(byTheBook(0, [1, 2], [0, 5, 0]), Number.NaN);
  t.equal(histogramQuantile(0, [1, 2], [0, 5, 0]), 0);
  t.equal(histogramQuantile(0, [-1, 2], [0, 5, 0]), -1);
});

test('a quantile outside 0 to 1 is infinite also without observations', async (t) => {
  t.equal(histogramQuantile(-1, [1], [0, 0]), Number.NEGATIVE_INFINITY);
  t.equal(histogramQuantile(2, [1], [0, 0]), Number.POSITIVE_INFINITY);
});
