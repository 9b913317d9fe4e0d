import { test } from 'tap';
import type { LabelSet } from '../../../dist/src/query/types.js';
import { asking, every10, nearly } from '../support';

const { NaN: NONE, POSITIVE_INFINITY: INF } = Number;
const series = [
  every10({ __name__: 'm', job: 'a', n: '1' }, 1, 1),
  every10({ __name__: 'm', job: 'a', n: '2' }, 3, null),
  every10({ __name__: 'm', job: 'b', n: '1' }, 8, 2),
  every10({ __name__: 'm', n: '3' }, 4, 4),
];
const { at, range } = asking(series);

test('groups follow by or without, and have no metric name unless by names it', async (t) => {
  t.same(await at(0, 'sum(m)'), { '{}': 16 });
  t.same(await at(0, 'sum by (job) (m)'), { '{job="a"}': 4, '{job="b"}': 8, '{}': 4 });
  t.same(await at(0, 'sum without (n) (m)'), { '{job="a"}': 4, '{job="b"}': 8, '{}': 4 });
  t.same(await at(0, 'sum by (nosuch) (m)'), { '{}': 16 });
  t.same(await at(0, 'sum by (__name__, n) (m)'), { 'm{n="1"}': 9, 'm{n="2"}': 3, 'm{n="3"}': 4 });
  t.same(await at(0, 'sum without () (m{job="a"})'), { '{job="a",n="1"}': 1, '{job="a",n="2"}': 3 });
  t.same(await range('sum by (job) (m)', 10), {
    '{job="a"}': { 0: 4, 10: 1 },
    '{job="b"}': { 0: 8, 10: 2 },
    '{}': { 0: 4, 10: 4 },
  });
});

test('each aggregation gives the right result', async (t) => {
  for (const [expression, value] of [
    ['avg(m)', 4],
    ['min(m)', 1],
    ['max(m)', 8],
    ['count(m)', 4],
    ['group(m)', 1],
    ['stdvar(m)', (9 + 1 + 16 + 0) / 4],
    ['stddev(m)', Math.sqrt(26 / 4)],
    ['quantile(0.5, m)', 3.5],
    ['quantile(2, m)', INF],
  ] as const)
    nearly(t, await at(0, expression), { '{}': value }, expression);
  t.same(await at(0, 'sum(nosuch)'), {}, 'nothing of nothing');
});

test('minima and maxima ignore NaN if there is a number', async (t) => {
  const { at } = asking([NONE, 3, INF, NONE].map((value, n) => every10({ __name__: 'o', n: String(n) }, value)));
  t.same(await at(0, 'min(o)'), { '{}': 3 });
  t.same(await at(0, 'max(o)'), { '{}': INF });
  t.same(await at(0, 'sum(o)'), { '{}': NONE });
  t.same(await at(0, 'avg(o{n=~"[12]"})'), { '{}': INF });
  t.same(await at(0, 'max(o{n=~"[03]"})'), { '{}': NONE });
  t.same(Object.keys((await at(0, 'topk(3, o)')) as object), ['o{n="2"}', 'o{n="1"}', 'o{n="0"}'], 'and come last');
});

test('topk and bottomk select unchanged series within each group and at each step', async (t) => {
  t.same(await at(0, 'topk(2, m)'), { 'm{job="b",n="1"}': 8, 'm{n="3"}': 4 });
  t.same(await at(0, 'bottomk(1, m)'), { 'm{job="a",n="1"}': 1 });
  t.same(await at(0, 'topk by (job) (1, m)'), { 'm{job="a",n="2"}': 3, 'm{job="b",n="1"}': 8, 'm{n="3"}': 4 });
  t.same(await at(0, 'topk(0, m)'), {});
  t.same(await range('topk(1, m)', 10), { 'm{job="b",n="1"}': { 0: 8 }, 'm{n="3"}': { 10: 4 } });
  await t.rejects(at(0, 'topk(NaN, m)'), {
    code: 'RINGMETER_INVALID_QUERY',
    message: /must fit into a 64-bit integer/,
  });
});

test('count_values counts each value, written without an exponent', async (t) => {
  const { at } = asking(
    [1e21, 0.0000015, -0.5, -0.5, NONE, INF, -2e-7].map((v, n) => every10({ __name__: 'o', n: `${n}` }, v)),
  );
  t.same(await at(0, 'count_values("v", o)'), {
    '{v="1000000000000000000000"}': 1,
    '{v="0.0000015"}': 1,
    '{v="-0.5"}': 2,
    '{v="NaN"}': 1,
    '{v="+Inf"}': 1,
    '{v="-0.0000002"}': 1,
  });
  t.same(await at(0, 'count_values by (n) ("n", o{n=~"[23]"})'), { '{n="-0.5"}': 2 });
  await t.rejects(at(0, 'count_values("a b", o)'), {
    code: 'RINGMETER_INVALID_QUERY',
    message: /not a valid label name/,
  });
});

test('labels that look alike when they are concatenated are different groups', async (t) => {
  const labels: LabelSet[] = [
    { a: 'b', c: 'd' },
    { a: 'b1:c1:d' },
    { a: 'b', c1: 'd' },
    { a: '', c: 'bd' },
    { a: 'b,c=d' },
    { a: 'b","c":"d' },
  ];
  const { at } = asking(labels.map((one, index) => every10({ __name__: 'k', ...one }, index)));
  t.same(Object.keys((await at(0, 'sum without (x) (k)')) as object).length, labels.length);
  t.same(await at(0, 'count(sum by (a, c, c1) (k))'), { '{}': labels.length });
});
