import { test } from 'tap';
import { median, quantile, spread, sum } from '../../perf/measure/statistics';

test('a median is the middle value, or halfway between the two', async (t) => {
  t.equal(median([5, 1, 3]), 3);
  t.equal(median([4, 1, 3, 2]), 2.5);
  t.equal(median([10, 9, 100]), 10, 'numbers are sorted as numbers');
  t.ok(Number.isNaN(median([])));
});

test('a quantile is linear between the nearest values', async (t) => {
  const values = [0, 10, 20, 30, 40];
  t.equal(quantile(0, values), 0);
  t.equal(quantile(1, values), 40);
  t.equal(quantile(0.875, values), 35);
  t.ok(Number.isNaN(quantile(0.99, [])));
});

test('a spread has the lowest and the highest value', async (t) => {
  t.same(spread([3, 1, 2]), { median: 2, min: 1, max: 3 });
  t.same(spread([]), { median: Number.NaN, min: Number.NaN, max: Number.NaN });
  t.equal(sum([1, 2, 3.5]), 6.5);
});
