import { test } from 'tap';
import { asking, every10, nearly } from '../support';

const { NaN: NONE, POSITIVE_INFINITY: INF, NEGATIVE_INFINITY } = Number;
const values = [-1.5, 0, 0.5, 4, NONE, INF].map((value, n) => every10({ __name__: 'v', n: String(n) }, value));
const { at } = asking(values);
/** Of each of the values. */
const each = (...expected: number[]): Record<string, number> =>
  Object.fromEntries(expected.map((value, n) => [`{n="${n}"}`, value]));

test('maths is applied to each value, and drops the name', async (t) => {
  for (const [expression, ...expected] of [
    ['abs(v)', 1.5, 0, 0.5, 4, NONE, INF],
    ['ceil(v)', -1, 0, 1, 4, NONE, INF],
    ['floor(v)', -2, 0, 0, 4, NONE, INF],
    ['round(v)', -1, 0, 1, 4, NONE, INF],
    ['round(v, 3)', -0, 0, 0, 3, NONE, INF],
    ['round(v, 0.25)', -1.5, 0, 0.5, 4, NONE, INF],
    ['sgn(v)', -1, 0, 1, 1, NONE, 1],
    ['sqrt(v)', NONE, 0, Math.SQRT1_2, 2, NONE, INF],
    ['ln(v)', NONE, NEGATIVE_INFINITY, Math.log(0.5), Math.log(4), NONE, INF],
    ['log2(v)', NONE, NEGATIVE_INFINITY, -1, 2, NONE, INF],
    ['exp(v)', Math.exp(-1.5), 1, Math.exp(0.5), Math.exp(4), NONE, INF],
    ['deg(v)', (-1.5 * 180) / Math.PI, 0, 90 / Math.PI, 720 / Math.PI, NONE, INF],
    ['atan(v)', Math.atan(-1.5), 0, Math.atan(0.5), Math.atan(4), NONE, Math.PI / 2],
    ['clamp_min(v, 0.2)', 0.2, 0.2, 0.5, 4, NONE, INF],
    ['clamp_max(v, 0.2)', -1.5, 0, 0.2, 0.2, NONE, 0.2],
    ['clamp(v, 0, 3)', 0, 0, 0.5, 3, NONE, 3],
    ['-v', 1.5, -0, -0.5, -4, NONE, NEGATIVE_INFINITY],
  ] as const)
    nearly(t, await at(0, expression), each(...expected), expression);
  t.same(await at(0, 'clamp(v, 3, 0)'), {}, 'bounds that exclude one another leave nothing');
  t.same(await at(0, '+v{n="1"}'), { 'v{n="1"}': 0 }, 'a plus changes nothing');
});

test('an infinite bound wins over NaN, as in Go', async (t) => {
  t.same(await at(0, 'clamp_min(v{n="5"}, NaN)'), { '{n="5"}': INF });
  t.same(await at(0, 'clamp_min(v{n="4"}, Inf)'), { '{n="4"}': INF });
  t.same(await at(0, 'clamp_max(v{n="4"}, -Inf)'), { '{n="4"}': NEGATIVE_INFINITY });
});

test('clocks read seconds since 1970 in UTC, or the time of the query', async (t) => {
  const leap = Date.UTC(2024, 1, 29, 23, 59, 7) / 1_000;
  const { at } = asking([every10({ __name__: 'x' }, leap), every10({ __name__: 'y' }, -86_400.5)]);
  for (const [name, ofLeap, before1970] of [
    ['minute', 59, 0],
    ['hour', 23, 0],
    ['day_of_week', 4, 3],
    ['day_of_month', 29, 31],
    ['day_of_year', 60, 365],
    ['days_in_month', 29, 31],
    ['month', 2, 12],
    ['year', 2024, 1969],
  ] as const) {
    t.same(await at(0, `${name}(x)`), { '{}': ofLeap }, name);
    t.same(await at(0, `${name}(y)`), { '{}': before1970 }, `${name} of a negative one`);
    t.same(await at(leap, `${name}()`), { '{}': ofLeap }, `${name} of now`);
  }
  t.same(await at(0, 'year(vector(NaN))'), { '{}': NONE });
});

test('time, timestamp, vector and scalar turn one kind of value into another', async (t) => {
  const { at } = asking([every10({ __name__: 'x', a: '1' }, 3, 4), every10({ __name__: 'y', a: '2' }, 5)]);
  t.same(await at(17, 'time()'), 17);
  t.same(await at(17, 'timestamp(x)'), { '{a="1"}': 10 }, 'of the sample');
  t.same(await at(17, 'timestamp(x offset 10s)'), { '{a="1"}': 0 });
  t.same(await at(17, 'timestamp(x + 0)'), { '{a="1"}': 17 }, 'of the evaluation');
  t.same(await at(17, 'vector(2)'), { '{}': 2 });
  t.same(await at(17, 'scalar(x)'), 4);
  t.same(await at(17, 'scalar({__name__=~"x|y"})'), NONE, 'of two it is none');
  t.same(await at(17, 'scalar(nosuch)'), NONE);
  t.same(await at(17, 'pi()'), Math.PI);
});

test('labels are replaced where the whole value matches', async (t) => {
  const { at } = asking([every10({ __name__: 'x', a: 'one:80', b: 'q' }, 1), every10({ __name__: 'x', a: 'two' }, 2)]);
  const only = '{__name__=~"x",a="one:80"}';
  for (const [call, labels] of [
    ['"host", "$1", "a", "(.*):.*"', 'x{a="one:80",b="q",host="one"}'],
    [`"host", "\${port}/$name", "a", "(?P<name>.*):(?P<port>.*)"`, 'x{a="one:80",b="q",host="80/one"}'],
    ['"host", "$1x$$", "a", "(.*):.*"', 'x{a="one:80",b="q",host="$"}'],
    ['"b", "", "a", ".*"', 'x{a="one:80"}'],
    ['"host", "h", "a", "one"', 'x{a="one:80",b="q"}'],
    ['"host", "none", "nosuch", ""', 'x{a="one:80",b="q",host="none"}'],
    ['"__name__", "$1", "a", "(.*):.*"', 'one{a="one:80",b="q"}'],
  ])
    t.same(await at(0, `label_replace(${only}, ${call})`), { [labels]: 1 }, call);
  t.same(await at(0, 'label_join(x, "c", "-", "a", "nosuch", "b")'), {
    'x{a="one:80",b="q",c="one:80--q"}': 1,
    'x{a="two",c="two--"}': 2,
  });
  for (const [expression, message] of [
    ['label_replace(x, "a-b", "", "a", "")', /not a valid label name/],
    ['label_replace(x, "a", "", "a", "(")', /not a valid regular expression/],
    ['label_join(x, "a", "", "1b")', /not a valid label name/],
    ['label_replace(x, "a", "same", "a", ".*") - 0', undefined],
    ['label_join(label_replace(x, "b", "", "", ""), "a", "")', /same labels/],
  ] as const)
    if (message !== undefined)
      await t.rejects(at(0, expression), { code: 'RINGMETER_INVALID_QUERY', message }, expression);
});

test('sort sorts by value, NaN last', async (t) => {
  const order = async (expression: string): Promise<string[]> => Object.keys((await at(0, expression)) as object);
  t.same(
    await order('sort(v)'),
    [0, 1, 2, 3, 5, 4].map((n) => `v{n="${n}"}`),
  );
  t.same(
    await order('sort_desc(v)'),
    [5, 3, 2, 1, 0, 4].map((n) => `v{n="${n}"}`),
  );
});
