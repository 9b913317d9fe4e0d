import { test } from 'tap';
import { SUMMARY_COLUMNS } from '../../dist/src/kinds/summary-cells.js';
import { FoldBench } from './bench';

/** What the window holds: how many values, and their extremes. */
function windowOf(bench: FoldBench): { count: number; min: number; max: number; ever: number } {
  const columns = bench.merged([]);
  return {
    count: columns[SUMMARY_COLUMNS.WINDOW_COUNT],
    min: columns[SUMMARY_COLUMNS.MIN],
    max: columns[SUMMARY_COLUMNS.MAX],
    ever: columns[SUMMARY_COLUMNS.COUNT],
  };
}

test('a window forgets by age, in fifths, and never shows what is older than maxAge', async (t) => {
  const bench = new FoldBench('summary', { maxAge: 10 });
  const start = 50_000;
  for (let second = 0; second <= 60; second++) {
    bench.time = start + second * 1000;
    bench.fold('SUMMARIZE', second);
    const { count, min, max, ever } = windowOf(bench);
    t.equal(max, second);
    t.ok(second - min < 10, `second ${second}: nothing from before ${second - 9}, the oldest is ${min}`);
    t.ok(min <= Math.max(0, second - 7), `second ${second}: at least four fifths are kept, the oldest is ${min}`);
    t.equal(count, max - min + 1, 'the values between the extremes are all there');
    t.equal(ever, second + 1, 'count and sum go on since the start');
  }
});

test('a window is empty when nothing was observed for maxAge, and fills again', async (t) => {
  const bench = new FoldBench('summary', { maxAge: 10 });
  bench.time = 1_000;
  for (let index = 0; index < 100; index++) bench.fold('SUMMARIZE', index);
  bench.time = 10_999;
  t.equal(windowOf(bench).count, 100);
  bench.time = 11_000;
  t.same(windowOf(bench), { count: 0, min: Number.NaN, max: Number.NaN, ever: 100 });
  t.same(bench.merged([0.5])[SUMMARY_COLUMNS.QUANTILES], Number.NaN);
  bench.fold('SUMMARIZE', 7);
  t.same(windowOf(bench), { count: 1, min: 7, max: 7, ever: 101 });
  t.equal(bench.merged([0.5])[SUMMARY_COLUMNS.QUANTILES], 7);
});

test('a window forgets by number, in fifths', async (t) => {
  for (const maxSamples of [5, 10, 100, 1_000]) {
    const bench = new FoldBench('summary', { maxSamples });
    for (let index = 1; index <= 5 * maxSamples; index++) {
      bench.fold('SUMMARIZE', index);
      const { count, min, max } = windowOf(bench);
      if (count > maxSamples || max !== index || min !== index - count + 1 || count < Math.min(index, maxSamples * 0.8))
        t.fail(`${count} of ${index} values with maxSamples ${maxSamples}, from ${min} to ${max}`);
    }
    t.equal(windowOf(bench).count, maxSamples);
  }
});

test('windows of several shards are merged by the clock that all share', async (t) => {
  const bench = new FoldBench('summary', { maxAge: 10 }, 2);
  bench.time = 1_000;
  bench.fold('SUMMARIZE', 1, { shard: 0 });
  bench.fold('SUMMARIZE', 2, { shard: 0, overflow: true });
  bench.time = 6_000;
  bench.fold('SUMMARIZE', 3, { shard: 1 });
  bench.fold('SUMMARIZE', 4, { shard: 1, overflow: true });
  t.same(windowOf(bench), { count: 4, min: 1, max: 4, ever: 4 });
  bench.time = 11_500;
  t.same(windowOf(bench), { count: 2, min: 3, max: 4, ever: 4 });
});
