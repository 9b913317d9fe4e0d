import { test } from 'tap';
import { asking, every10, seriesOf } from './support';

const { at, range, engine } = asking([
  every10({ __name__: 'up', job: 'a' }, 1, 2, 3, null, undefined, 6, 7),
  seriesOf({ __name__: 'old', job: 'b' }, [0, 4]),
  seriesOf({ __name__: 'texts', text: 'a\nb', constructor: 'x' }, [0, 1]),
  seriesOf({ __name__: 'texts', text: 'größe-1' }, [0, 2]),
]);

test('a sample counts for five minutes, or until its series ends', async (t) => {
  t.same(await at(300, 'old'), { 'old{job="b"}': 4 });
  t.same(await at(300.001, 'old'), {});
  t.same(await at(29, 'up'), { 'up{job="a"}': 3 });
  t.same(await at(30, 'up'), {});
  t.same(await at(49, 'up'), {});
  t.same(await range('up', 60), { 'up{job="a"}': { 0: 1, 10: 2, 20: 3, 50: 6, 60: 7 } });
});

test('a staleness marker is not a sample of a range', async (t) => {
  const result = await engine.instant('up[40s]', 50_000);
  t.same(result, {
    type: 'matrix',
    series: [{ labels: { __name__: 'up', job: 'a' }, times: [10_000, 20_000, 50_000], values: [2, 3, 6] }],
  });
});

test('offset looks back, or ahead, and @ at one moment', async (t) => {
  t.same(await at(60, 'up offset 40s'), { 'up{job="a"}': 3 });
  t.same(await at(10, 'up offset -10s'), { 'up{job="a"}': 3 });
  t.same(await range('up @ 10', 20), { 'up{job="a"}': { 0: 2, 10: 2, 20: 2 } });
  t.same(await range('up @ end() offset 10s', 20), { 'up{job="a"}': { 0: 2, 10: 2, 20: 2 } });
  t.same(await range('up - up @ start()', 20), { '{job="a"}': { 0: 0, 10: 1, 20: 2 } });
  t.same(await at(20, 'sum_over_time(up[20s] @ 10)'), { '{job="a"}': 3 });
  const { series } = await engine.range('up @ end()', 0, 29_000, 20_000);
  t.same(series[0].values, [3, 3], 'end() is the end that was asked for, not the last step');
});

test('a subquery evaluates at multiples of its step', async (t) => {
  t.same(await at(25, 'sum_over_time(up[20s:10s])'), { '{job="a"}': 5 }, 'at 10 and 20');
  t.same(await at(25, 'count_over_time(up[20s:1s])'), { '{job="a"}': 21 }, 'both ends included');
  t.same(await at(59, 'count_over_time(up[58s:10s])'), { '{job="a"}': 3 }, 'steps with nothing are no samples');
  t.same(await at(125, 'count_over_time(up[2m:])'), { '{job="a"}': 2 }, 'without a step, at each full minute');
  t.same(await at(20, 'max_over_time((up - up @ 10)[20s:10s] offset 0s1ms)'), { '{job="a"}': 0 });
  const matrix = await engine.instant('(up * 2)[20s:10s]', 20_000);
  t.same(matrix, { type: 'matrix', series: [{ labels: { job: 'a' }, times: [0, 10_000, 20_000], values: [2, 4, 6] }] });
});

test('regular expressions match whole values, in the syntax of RE2', async (t) => {
  const matches = async (matcher: string): Promise<boolean> =>
    Object.keys((await at(0, `texts{text${matcher},text!="a\\nb"}`)) as object).length === 1;
  t.ok(await matches('=~"gr..e-\\\\d"'));
  t.notOk(await matches('=~"gr"'));
  t.ok(await matches('=~"(?i)GRÖSSE-1|GRÖßE-1"'));
  t.ok(await matches('=~"\\\\pL+-[[:digit:]]"'));
  t.ok(await matches('!~"gr"'));
  t.same(await at(0, 'texts{text=~"a.b"}'), {}, 'a dot is no line break');
  t.same(Object.keys((await at(0, 'texts{text=~"(?s)a.b"}')) as object).length, 1);
});

test('a regular expression takes time in proportion to the text', async (t) => {
  const { at } = asking([seriesOf({ __name__: 'x', text: `${'a'.repeat(5_000)}!` }, [0, 1])]);
  const started = performance.now();
  t.same(await at(0, 'x{text=~"(a+)+b|(a|aa)+$"}'), {});
  t.ok(performance.now() - started < 2_000);
});

test('properties of Object.prototype are not labels of a series', async (t) => {
  t.same(Object.keys((await at(0, 'texts{constructor="x"}')) as object).length, 1);
  t.same(await at(0, 'count(texts{constructor=""})'), { '{}': 1 });
  t.same(await at(0, 'count(texts{toString=""})'), { '{}': 2 });
  t.same(await at(0, 'label_replace(old, "__proto__", "p", "", "")'), { 'old{__proto__="p",job="b"}': 4 });
  t.same(await at(0, 'sum by (valueOf, job) (old)'), { '{job="b"}': 4 });
});
