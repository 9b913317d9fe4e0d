import { test } from 'tap';
import { asking, every10, nearly, seriesOf } from '../support';

const gauge = every10({ __name__: 'g', a: 'x' }, 1, 3, 2, 6, 8);
const counter = every10({ __name__: 'c' }, 5, 10, 3, 4, 9);
const odd = every10({ __name__: 'o' }, Number.NaN, 2, Number.NEGATIVE_INFINITY, 4);
const { at, range } = asking([gauge, counter, odd, every10({ __name__: 'once' }, undefined, 7)]);
const ofG = (value: number) => ({ '{a="x"}': value });
const none = {};

test('functions over time see all samples of the range, both ends included, and drop the name', async (t) => {
  for (const [expression, value] of [
    ['avg_over_time(g[40s])', 4],
    ['sum_over_time(g[40s])', 20],
    ['min_over_time(g[40s])', 1],
    ['max_over_time(g[30s])', 8],
    ['count_over_time(g[40s])', 5],
    ['count_over_time(g[39s])', 4],
    ['stdvar_over_time(g[40s])', (9 + 1 + 4 + 4 + 16) / 5],
    ['stddev_over_time(g[40s])', Math.sqrt(34 / 5)],
    ['quantile_over_time(0.5, g[40s])', 3],
    ['quantile_over_time(0.9, g[40s])', 6 + (8 - 6) * 0.6],
    ['present_over_time(g[10s])', 1],
    ['changes(g[40s])', 4],
    ['resets(g[40s])', 1],
  ] as const)
    nearly(t, await at(40, expression), ofG(value), expression);
  t.same(await at(40, 'last_over_time(g[10s])'), { 'g{a="x"}': 8 }, 'but for last_over_time, whose value is a sample');
  t.same(await at(400, 'count_over_time(g[10s])'), none, 'nothing where there are no samples');
});

test('minima and maxima ignore NaN if there is a number, sums do not', async (t) => {
  t.same(await at(30, 'max_over_time(o[30s])'), { '{}': 4 });
  t.same(await at(30, 'min_over_time(o[30s])'), { '{}': Number.NEGATIVE_INFINITY });
  t.same(await at(30, 'sum_over_time(o[30s])'), { '{}': Number.NaN });
  t.same(await at(30, 'sum_over_time(o[20s])'), { '{}': Number.NEGATIVE_INFINITY });
  t.same(await at(30, 'avg_over_time(o[20s])'), { '{}': Number.NEGATIVE_INFINITY });
  t.same(await at(30, 'quantile_over_time(0, o[30s])'), { '{}': Number.NaN }, 'NaN is the least');
});

test('sums are compensated for rounding errors', async (t) => {
  const { at } = asking([every10({ __name__: 's' }, 1e100, 1, -1e100, 3)]);
  t.same(await at(30, 'sum_over_time(s[30s])'), { '{}': 4 });
  const large = asking([every10({ __name__: 's' }, 1.5e308, 1.5e308)]);
  t.same(await large.at(10, 'avg_over_time(s[10s])'), { '{}': 1.5e308 }, 'a mean is not infinite on the way');
});

test('increase and rate account for resets and extrapolate to the ends of the range', async (t) => {
  // 5 to 10, reset, 3 to 9: 5 + 3 + 6 = 14 in 40 s, all of the range
  nearly(t, await at(40, 'increase(c[40s])'), { '{}': 14 });
  nearly(t, await at(40, 'rate(c[40s])'), { '{}': 14 / 40 });
  // 11 s before the first sample are not more than 1.1 distances, but it was 0 before; 5 s after the last
  nearly(t, await at(45, 'increase(c[56s])'), { '{}': (14 * (40 + 5 + 10 / 2)) / 40 });
  nearly(t, await at(40, 'delta(c[40s])'), { '{}': 4 });
  t.same(await at(40, 'increase(c[9s])'), none, 'one sample says nothing');
  nearly(t, await at(40, 'irate(c[40s])'), { '{}': 0.5 });
  nearly(t, await at(20, 'irate(c[40s])'), { '{}': 0.3 }, 'after a reset');
  nearly(t, await at(20, 'idelta(c[40s])'), { '{}': -7 });
});

test('deriv and predict_linear fit a line to the samples', async (t) => {
  const lines = asking([every10({ __name__: 'l' }, 0, 5, 10, 15), every10({ __name__: 'f' }, 2, 2, 2)]);
  nearly(t, await lines.at(30, 'deriv(l[30s])'), { '{}': 0.5 });
  nearly(t, await lines.at(32, 'predict_linear(l[32s], 60)'), { '{}': 46 });
  t.same(await lines.at(20, 'deriv(f[30s])'), { '{}': 0 });
  t.same(await lines.at(20, 'predict_linear(f[30s], 1e9)'), { '{}': 2 });
  nearly(t, await at(40, 'deriv(g[40s])'), ofG(0.17));
});

test('holt_winters smooths, with factors between 0 and 1', async (t) => {
  // level 1, trend 2; 0.5*3 + 0.5*(1+2) = 3; trend 0.5*2 + 0.5*2; 0.5*2 + 0.5*(3+2) = 3.5
  nearly(t, await at(20, 'holt_winters(g[20s], 0.5, 0.5)'), ofG(3.5));
  for (const factors of ['0, 0.5', '0.5, 1', 'NaN, 0.5'])
    await t.rejects(at(20, `holt_winters(g[20s], ${factors})`), { code: 'RINGMETER_INVALID_QUERY', message: /factor/ });
});

test('absent returns a series with the labels of the selector if nothing matches', async (t) => {
  t.same(await at(40, 'absent(g)'), none);
  t.same(await at(40, 'absent(g{a="y",b=~"z",c="1",c="2"})'), { '{a="y"}': 1 });
  t.same(await range('absent_over_time(once[10s])', 40), { '{}': { 0: 1, 30: 1, 40: 1 } });
  t.same(await at(40, 'absent_over_time(nosuch{b="1"}[10s])'), { '{b="1"}': 1 });
});

test('series that differ by their names only cannot both lose them', async (t) => {
  const { at, range } = asking([
    every10({ __name__: 'a' }, 1, 2, null),
    every10({ __name__: 'b' }, undefined, null, 1, 2),
  ]);
  await t.rejects(range('rate({__name__=~"a|b"}[20s])', 60), {
    code: 'RINGMETER_INVALID_QUERY',
    message: /same labels/,
  });
  t.same(
    await range('{__name__=~"a|b"} + 0', 30),
    { '{}': { 0: 1, 10: 2, 20: 1, 30: 2 } },
    'at different steps they can',
  );
  await t.rejects(asking([every10({ __name__: 'a' }, 1), every10({ __name__: 'b' }, 1)]).at(0, '-{__name__=~"a|b"}'), {
    code: 'RINGMETER_INVALID_QUERY',
  });
  t.same(await at(10, 'a'), { a: 2 });
});

test('windows move over samples at uneven times', async (t) => {
  const { range } = asking([seriesOf({ __name__: 'u' }, [1, 1], [9, 2], [10, 4], [11, 8], [30, 16])]);
  t.same(await range('sum_over_time(u[10s])', 40), { '{}': { 10: 7, 20: 12, 30: 16, 40: 16 } });
});
