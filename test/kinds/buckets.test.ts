import { exponentialBuckets, linearBuckets } from 'ringmeter';
import { test } from 'tap';
import { refuses } from '../instruments/support';

test('linear buckets are evenly spaced, without rounding errors', async (t) => {
  t.same(linearBuckets(0, 10, 4), [0, 10, 20, 30]);
  t.same(linearBuckets(-1, 0.5, 5), [-1, -0.5, 0, 0.5, 1]);
  t.same(linearBuckets(0.1, 0.1, 6), [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]);
  t.same(linearBuckets(-0.3, 0.1, 7), [-0.3, -0.2, -0.1, 0, 0.1, 0.2, 0.3]);
  t.same(linearBuckets(-1.1, 0.55, 5), [-1.1, -0.55, 0, 0.55, 1.1]);
  t.same(linearBuckets(-3e-7, 1e-7, 4), [-3e-7, -2e-7, -1e-7, 0]);
  t.same(linearBuckets(0, 5e-324, 2), [0, 5e-324]);
  t.same(linearBuckets(7, 1, 1), [7]);
  t.ok(Object.is(linearBuckets(-1, 1, 2)[1], 0), 'zero is not minus zero');
});

test('exponential buckets grow by a factor, without rounding errors', async (t) => {
  t.same(exponentialBuckets(1, 2, 4), [1, 2, 4, 8]);
  t.same(exponentialBuckets(0.001, 10, 5), [0.001, 0.01, 0.1, 1, 10]);
  t.same(exponentialBuckets(-8, 0.5, 4), [-8, -4, -2, -1]);
  t.same(exponentialBuckets(3, 2, 1), [3]);
});

test('lists that are not bucket bounds are refused', async (t) => {
  for (const make of [linearBuckets, exponentialBuckets]) {
    for (const count of [0, -1, 1.5, Number.NaN, 1e6, '3', undefined])
      refuses(t, () => make(1, 2, count as number), 'RINGMETER_INVALID_BUCKETS', 'count');
    refuses(t, () => make(Number.NaN, 2, 3), 'RINGMETER_INVALID_BUCKETS', 'NaN');
    refuses(t, () => make(1, Number.POSITIVE_INFINITY, 3), 'RINGMETER_INVALID_BUCKETS', 'finite');
  }
  refuses(t, () => linearBuckets(1, 0, 3), 'RINGMETER_INVALID_BUCKETS', 'increase');
  refuses(t, () => linearBuckets(1, -1, 3), 'RINGMETER_INVALID_BUCKETS', 'increase');
  refuses(t, () => exponentialBuckets(1, 1, 3), 'RINGMETER_INVALID_BUCKETS', 'increase');
  refuses(t, () => exponentialBuckets(0, 2, 3), 'RINGMETER_INVALID_BUCKETS', 'increase');
  refuses(t, () => exponentialBuckets(1e300, 1e10, 3), 'RINGMETER_INVALID_BUCKETS', 'Infinity');
});

test('a start or step of another type is refused with a code', async (t) => {
  for (const wrong of ['1', 1n, null, {}, undefined] as never[]) {
    refuses(t, () => linearBuckets(wrong, 1, 2), 'RINGMETER_INVALID_BUCKETS');
    refuses(t, () => linearBuckets(1, wrong, 2), 'RINGMETER_INVALID_BUCKETS');
    refuses(t, () => exponentialBuckets(wrong, 2, 2), 'RINGMETER_INVALID_BUCKETS');
    refuses(t, () => exponentialBuckets(1, wrong, 2), 'RINGMETER_INVALID_BUCKETS');
  }
});
