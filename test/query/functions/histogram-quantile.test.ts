import { test } from 'tap';
import { bucketQuantile } from '../../../dist/src/query/functions/histogram-quantile.js';
import { asking, every10, nearly } from '../support';

const { NaN: NONE, POSITIVE_INFINITY: INF, NEGATIVE_INFINITY } = Number;

test('a quantile is interpolated in the bucket that it falls into', async (t) => {
  const quantile = (q: number): number => bucketQuantile(q, [1, 2, 4, INF], [10, 30, 90, 100]);
  nearly(t, quantile(0.05), 0.5, 'the first bucket begins at 0');
  nearly(t, quantile(0.2), 1.5);
  nearly(t, quantile(0.6), 3);
  t.same(quantile(0.95), 4, 'the last bucket has no end');
  t.same(quantile(-0.1), NEGATIVE_INFINITY);
  t.same(quantile(1.1), INF);
  t.same(quantile(NONE), NONE);
});

test('incomplete histograms have no quantile, or the one that Prometheus gives', async (t) => {
  t.same(bucketQuantile(0.5, [1, 2], [1, 2]), NONE, 'without +Inf');
  t.same(bucketQuantile(0.5, [INF], [1]), NONE, 'only +Inf');
  t.same(bucketQuantile(0.5, [1, INF], [0, 0]), NONE, 'without observations');
  t.same(bucketQuantile(0.1, [-1, 1, INF], [5, 7, 9]), -1, 'a first bucket below 0 has no beginning');
  nearly(t, bucketQuantile(0.5, [1, 2, 4, INF], [10, 8, 20, 20]), 1, 'one that has less than the one below is raised');
  nearly(t, bucketQuantile(0.5, [1, 2, 2, INF], [0, 5, 5, 10]), 1.5, 'counts of the same bound are added up');
});

test('the buckets of each histogram are those that have the same other labels', async (t) => {
  const bucket = (job: string, le: string, value: number) => every10({ __name__: 'h_bucket', job, le }, value);
  const { at } = asking([
    bucket('a', '+Inf', 10),
    bucket('a', '1', 5),
    bucket('a', '2.0', 10),
    bucket('b', '1', 0),
    bucket('b', '2', 4),
    bucket('b', 'Inf', 4),
    bucket('a', 'bad', 99),
    every10({ __name__: 'none' }, 1),
  ]);
  nearly(t, await at(0, 'histogram_quantile(0.75, h_bucket)'), { '{job="a"}': 1.5, '{job="b"}': 1.75 });
  t.same(await at(0, 'histogram_quantile(0.75, none)'), {});
  nearly(t, await at(0, 'histogram_quantile(0.5, sum by (le) (h_bucket{le!~".*Inf"}))'), { '{}': NONE });
});
