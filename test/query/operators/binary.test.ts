import { test } from 'tap';
import { asking, every10 } from '../support';

const { NaN: NONE } = Number;
const { at, range } = asking([
  every10({ __name__: 'l', job: 'a', n: '1' }, 6, 1),
  every10({ __name__: 'l', job: 'a', n: '2' }, 4, 1),
  every10({ __name__: 'l', job: 'b', n: '1' }, 2, 1),
  every10({ __name__: 'r', job: 'a', v: 'x' }, 2, 2),
  every10({ __name__: 'r', job: 'b', v: 'y' }, 4, null),
]);
const rejects = { code: 'RINGMETER_INVALID_QUERY' };

test('arithmetic is that of IEEE 754', async (t) => {
  for (const [expression, value] of Object.entries({
    '1 + 2 * 3': 7,
    '7 % 3': 1,
    '-7 % 3': -1,
    '7 % 0': NONE,
    '1 / 0': Number.POSITIVE_INFINITY,
    '0 / 0': NONE,
    '2 ^ 10': 1_024,
    '1 ^ NaN': 1,
    '(-1) ^ Inf': 1,
    '1 atan2 1': Math.PI / 4,
    '1 == bool 1': 1,
    'NaN == bool NaN': 0,
    'NaN != bool NaN': 1,
    '2 <= bool 1': 0,
  }))
    t.same(await at(0, expression), value, expression);
});

test('a scalar is combined with each value; comparisons filter, and return 0 or 1 with bool', async (t) => {
  t.same(await at(0, 'r * 2 + 1'), { '{job="a",v="x"}': 5, '{job="b",v="y"}': 9 });
  t.same(await at(0, '8 / r'), { '{job="a",v="x"}': 4, '{job="b",v="y"}': 2 });
  t.same(await at(0, 'r > 2'), { 'r{job="b",v="y"}': 4 });
  t.same(await at(0, '3 > r'), { 'r{job="a",v="x"}': 2 }, "the vector's value is what is left");
  t.same(await at(0, 'r > bool 2'), { '{job="a",v="x"}': 0, '{job="b",v="y"}': 1 });
});

test('series match by all labels, by some, or without some', async (t) => {
  t.same(await at(0, 'l - l'), { '{job="a",n="1"}': 0, '{job="a",n="2"}': 0, '{job="b",n="1"}': 0 });
  t.same(await at(0, 'l + r'), {});
  t.same(await at(0, 'l{n="1"} + on (job) r'), { '{job="a"}': 8, '{job="b"}': 6 });
  t.same(await at(0, 'l{n="1"} + ignoring (n, v) r'), { '{job="a"}': 8, '{job="b"}': 6 });
  t.same(await at(0, 'l{n="1"} > on (job) r'), { '{job="a"}': 6 });
  t.same(await at(0, 'l{n="1"} > ignoring (n, v) r'), { 'l{job="a"}': 6 });
  t.same(await range('l{n="1"} * on (job) r', 10), { '{job="a"}': { 0: 12, 10: 2 }, '{job="b"}': { 0: 8 } });
});

test('many series match one with group_left or group_right', async (t) => {
  t.same(await at(0, 'l / on (job) group_left r'), {
    '{job="a",n="1"}': 3,
    '{job="a",n="2"}': 2,
    '{job="b",n="1"}': 0.5,
  });
  t.same(await at(0, 'r / on (job) group_right (v) l{job="a"}'), {
    '{job="a",n="1",v="x"}': 2 / 6,
    '{job="a",n="2",v="x"}': 0.5,
  });
  t.same(await at(0, 'l < on (job) group_left r'), { 'l{job="b",n="1"}': 2 });
  t.same(await at(0, 'l < bool on (job) group_left (v) r{job="b"}'), { '{job="b",n="1",v="y"}': 1 });
  t.same(await at(0, 'l * on (job) group_left (n) r{job="b"}'), { '{job="b"}': 8 }, 'a label that the one lacks goes');
});

test('matches that are not unique are refused', async (t) => {
  await t.rejects(at(0, 'l + on (job) r'), { ...rejects, message: /group_left/ });
  await t.rejects(at(0, 'r + on (job) l'), { ...rejects, message: /right side/ });
  await t.rejects(at(0, 'l + on (n) group_right l'), { ...rejects, message: /left side/ });
  await t.rejects(at(0, 'l + on (job) group_left (n) r'), { ...rejects, message: /same labels/ });
  t.same(await at(0, 'l > on (job) (r * 2)'), { '{job="a"}': 6 }, 'what is filtered out does not count');
});

test('matches of one evaluation do not affect the next', async (t) => {
  const labels = { __name__: 's', n: '1' };
  const other = { __name__: 's', n: '2' };
  const { at } = asking([every10(labels, 1, 1, null), every10(other, undefined, 3, 3)]);
  for (let round = 0; round < 2; round++) {
    t.same(await at(10, 's - s offset 10s'), { '{n="1"}': 0 });
    t.same(await at(20, 's - s offset 10s'), { '{n="2"}': 0 });
    t.same(await at(20, 's or s offset 10s'), { 's{n="2"}': 3, 's{n="1"}': 1 });
    t.same(await at(10, 's or s offset 10s'), { 's{n="1"}': 1, 's{n="2"}': 3 });
  }
});

test('and, or and unless are sets of series, at each step', async (t) => {
  t.same(await at(0, 'l and on (job) r{v="x"}'), { 'l{job="a",n="1"}': 6, 'l{job="a",n="2"}': 4 });
  t.same(await at(0, 'l unless on (job) r{v="x"}'), { 'l{job="b",n="1"}': 2 });
  t.same(await at(0, 'r or on (job) l'), { 'r{job="a",v="x"}': 2, 'r{job="b",v="y"}': 4 });
  t.same(await at(10, 'r or on (job) l'), { 'r{job="a",v="x"}': 2, 'l{job="b",n="1"}': 1 });
  t.same(await at(0, 'nosuch or vector(1)'), { '{}': 1 });
  t.same(await range('r unless on () (l{job="b"} > 1)', 10), { 'r{job="a",v="x"}': { 10: 2 } });
});
