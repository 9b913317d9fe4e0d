import { test } from 'tap';
import { createQueryEngine } from '../../dist/src/query/engine.js';
import type { LabelSet, SampleSource } from '../../dist/src/query/types.js';
import { asking, every10, seriesOf, sourceOf } from './support';

const many = Array.from({ length: 2_000 }, (_, n) =>
  seriesOf({ __name__: 'm', n: String(n) }, ...Array.from({ length: 50 }, (_, at): [number, number] => [at, at * n])),
);

test('every kind of value has its result', async (t) => {
  const { engine } = asking([every10({ __name__: 'x', a: '1' }, 3)]);
  t.same(await engine.instant('1 + 1', 5_000), { type: 'scalar', time: 5_000, value: 2 });
  t.same(await engine.instant('("text")', 5_000), { type: 'string', time: 5_000, value: 'text' });
  t.same(await engine.instant('x', 5_000), {
    type: 'vector',
    samples: [{ labels: { __name__: 'x', a: '1' }, time: 5_000, value: 3 }],
  });
  t.same(await engine.range('time()', 1_000, 3_500, 1_000), {
    type: 'matrix',
    series: [{ labels: {}, times: [1_000, 2_000, 3_000], values: [1, 2, 3] }],
  });
  t.same(await engine.range('x', 10, 0, 1), { type: 'matrix', series: [] }, 'an end before the start has no steps');
});

test('a range query needs something that has a value at each step, and a step', async (t) => {
  const { engine } = asking([]);
  for (const expression of ['"text"', 'x[5m]', '(x[5m:1m])'])
    await t.rejects(engine.range(expression, 0, 1, 1), { code: 'RINGMETER_INVALID_QUERY', message: /range query/ });
  for (const step of [0, -1, Number.NaN])
    await t.rejects(engine.range('x', 0, 1, step), { code: 'RINGMETER_INVALID_QUERY', message: /step/ });
  for (const time of [Number.NaN, Number.POSITIVE_INFINITY]) {
    await t.rejects(engine.instant('x', time), { code: 'RINGMETER_INVALID_QUERY', message: /time/ });
    await t.rejects(engine.range('x', time, 1, 1), { code: 'RINGMETER_INVALID_QUERY', message: /time/ });
  }
});

test('the series of a range query are in the order of their labels', async (t) => {
  const { engine } = asking(
    ([{ b: '2' }, { a: '10' }, { a: '9' }, { a: '10', b: '1' }, {}] as LabelSet[]).map((labels) =>
      every10({ __name__: 's', ...labels }, 1),
    ),
  );
  const { series } = await engine.range('s', 0, 0, 1);
  t.same(
    series.map(({ labels: { a = '', b = '' } }) => `${a}/${b}`),
    ['/', '10/', '10/1', '9/', '/2'],
  );
});

test('an evaluation that would hold too many samples fails with RINGMETER_QUERY_LIMIT', async (t) => {
  const { engine } = asking(many, { maxSamples: 10_000 });
  const limit = { code: 'RINGMETER_QUERY_LIMIT', message: /the limit of 10000/ };
  await t.rejects(engine.instant('sum(rate(m[1m]))', 60_000), limit, 'samples of a range');
  await t.rejects(engine.range('m', 0, 60_000, 1_000), limit, 'values at all steps');
  await t.rejects(engine.range('1', 0, 1e12, 1), limit, 'steps');
  await t.rejects(engine.range('nosuch', 0, 1e12, 1), limit, 'steps of nothing');
  await t.rejects(engine.instant('sum_over_time(nosuch[100y:1ms])', 0), limit, 'steps of a subquery');
  await t.rejects(engine.instant('sum_over_time(vector(1)[100y:1ms])', 0), limit);
  const { engine: roomier } = asking(many, { maxSamples: 30_000 });
  for (let round = 0; round < 5; round++)
    t.equal(
      (await roomier.instant(Array(8).fill('m').join(' and '), 10_000)).type,
      'vector',
      'what is given back is free',
    );
});

test('an evaluation that takes too long is aborted, while the event loop turns', async (t) => {
  const { engine } = asking(many, { timeout: 1_000 });
  let turns = 0;
  let next = setImmediate(function turn() {
    turns++;
    next = setImmediate(turn);
  });
  t.teardown(() => clearImmediate(next));
  const long = Array(4).fill('sum(sum_over_time(stddev_over_time(m[50s])[50s:20ms]))').join(' + ');
  await t.rejects(engine.instant(long, 50_000), {
    code: 'RINGMETER_QUERY_LIMIT',
    message: /longer than 1000 ms/,
  });
  t.ok(turns >= 5, `${turns} turns`);
});

test('an evaluation can be aborted', async (t) => {
  const { engine } = asking(many);
  const reason = new Error('enough');
  await t.rejects(engine.instant('m', 0, AbortSignal.abort(reason)), reason, 'before it begins');
  const control = new AbortController();
  setTimeout(() => control.abort(reason), 20);
  const started = performance.now();
  await t.rejects(
    engine.range('sum(sum_over_time(stddev_over_time(m[50s])[50s:500ms]))', 0, 50_000, 5_000, control.signal),
    reason,
  );
  t.ok(performance.now() - started < 5_000);
});

test('evaluations of one expression at the same time do not disturb one another', async (t) => {
  const { engine } = asking(many);
  const expression = 'sum by (n) (rate(m{n=~"1.."}[20s])) * on (n) group_left () m > 0';
  const times = [20_000, 30_000, 40_000, 49_000];
  const alone = [];
  for (const time of times) alone.push(await engine.instant(expression, time));
  t.same(await Promise.all(times.map((time) => engine.instant(expression, time))), alone);
});

test('an error of the source is the error of the evaluation', async (t) => {
  const broken: SampleSource = {
    select() {
      throw new Error('no history');
    },
  };
  await t.rejects(createQueryEngine(broken).instant('sum(x)', 0), { message: 'no history' });
});

test('each selector is read once, for all steps', async (t) => {
  const asked: [number, number, boolean | undefined][] = [];
  const source = sourceOf([every10({ __name__: 'x' }, 1, 2, 3)]);
  const engine = createQueryEngine({
    select(matchers, from, to, hints) {
      asked.push([from, to, hints?.latest]);
      return source.select(matchers, from, to);
    },
  });
  await engine.range('x + rate(x[1m] offset 10s)', 100_000, 200_000, 1_000);
  await engine.instant('x', 50_000);
  await engine.range('x @ 20', 100_000, 200_000, 1_000);
  await engine.range('max_over_time(x[1m:1s])', 100_500, 200_000, 1_000);
  t.same(asked, [
    [-200_000, 200_000, false],
    [30_000, 190_000, undefined],
    [-250_000, 50_000, true],
    [-280_000, 20_000, true],
    [41_000 - 300_000, 199_000, false],
  ]);
});
