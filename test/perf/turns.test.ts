import { join } from 'node:path';
import { test } from 'tap';
import type { Benchmark } from '../../perf/runner/benchmark';
import type { Lane } from '../../perf/runner/lanes';
import { duration, Progress } from '../../perf/runner/progress';
import { expected, planOf, rotated, takeTurns } from '../../perf/runner/turns';

const lane = (contender: string, beside?: string): Lane => ({
  name: beside === undefined ? contender : `${contender}-new`,
  contender,
  node: process.execPath,
  nodeVersion: '20.0.0',
  beside,
});

const CHILD = join(__dirname, '..', 'fixtures', 'resting-child.cjs');

const LANES = [lane('ours'), lane('old'), lane('new'), lane('ours', 'new')];

/** `old` has one case less. */
const benchmark: Benchmark = {
  name: 'example',
  about: 'an example',
  cases: (contender) =>
    [10, 1_000]
      .filter((series) => contender === 'ours' || series === 10)
      .map((series) => ({ parameters: { series }, seconds: 2, mostRepetitions: series > 10 ? 1 : undefined })),
  perform: async () => ({ figures: {}, wrong: [] }),
};

test('contenders take turns at every case, and a companion only at those of the one that it stands beside', async (t) => {
  const { groups } = planOf(benchmark, LANES, 'full', 5);
  t.same(
    groups.map(({ one, lanes }) => [one.parameters, lanes.map(({ name }) => name)]),
    [
      [{ series: 10 }, ['ours', 'old', 'new', 'ours-new']],
      [{ series: 1_000 }, ['ours']],
    ],
  );
});

test('the expected time counts every lane, and as many repetitions as each case has', async (t) => {
  t.equal(expected(planOf(benchmark, LANES, 'full', 5)), 5 * 4 * 2 + 2);
});

test('a resting contender continues after all others, and a process that dies is a separate failure', async (t) => {
  const inLegs: Benchmark = {
    ...benchmark,
    cases: () => [{ parameters: { series: 10 }, seconds: 3, legs: 3 }],
  };
  const shown: string[] = [];
  const progress = new Progress(12, { isTTY: false, write: (text: unknown) => shown.push(String(text)) > 0 });
  const plan = planOf(inLegs, [lane('three-legs'), lane('dying'), lane('one-leg')], 'full', 2);
  const { series, failures } = await takeTurns(plan, progress, CHILD);

  const order = shown.flatMap((line) => /series=10: (\S+), repetition (\d)/.exec(line)?.slice(1).join(' ') ?? []);
  t.same(order, [
    ...['three-legs 1', 'dying 1', 'one-leg 1', 'three-legs 1', 'dying 1', 'three-legs 1'],
    ...['dying 2', 'one-leg 2', 'three-legs 2', 'dying 2', 'three-legs 2', 'three-legs 2'],
  ]);
  t.match(failures, [/dying: the process ended with 3: it dies/, /dying: the process ended with 3: it dies/]);
  t.same(
    series.map(({ lane, repetitions }) => [lane, repetitions.map(({ figures }) => figures.row.legs)]),
    [
      ['one-leg', [1, 1]],
      ['three-legs', [3, 3]],
    ],
  );
});

test('a process that dies while it rests is a failure with its output', async (t) => {
  const inLegs: Benchmark = { ...benchmark, cases: () => [{ parameters: { series: 10 }, seconds: 2, legs: 2 }] };
  const plan = planOf(inLegs, [lane('dying-at-rest'), lane('one-leg')], 'full', 1);
  const { series, failures } = await takeTurns(plan, new Progress(4, { isTTY: false, write: () => true }), CHILD);
  t.match(failures, [/dying-at-rest: the process ended with 4: it dies at rest/]);
  t.same(
    series.map(({ lane }) => lane),
    ['one-leg'],
  );
});

test('every repetition begins with another contender', async (t) => {
  t.same(rotated([1, 2, 3], 0), [1, 2, 3]);
  t.same(rotated([1, 2, 3], 4), [2, 3, 1]);
  t.same(rotated([], 4), []);
});

test('durations are rounded up to readable units', async (t) => {
  t.equal(duration(3.2), '4 s');
  t.equal(duration(91), '2 min');
  t.equal(duration(3600 + 61), '1 h 2 min');
});

test('progress is one line that is overwritten on a terminal, and separate lines elsewhere', async (t) => {
  for (const isTTY of [true, false]) {
    const written: string[] = [];
    const progress = new Progress(40, { isTTY, write: (text: unknown) => written.push(String(text)) > 0 });
    progress.show('first');
    progress.step(10);
    progress.show('second');
    progress.end();
    t.match(written[0], /0 % {2}about 40 s left {2}first/);
    t.match(written[1], /25 %/);
    t.equal(written.join('').includes('\n'), !isTTY);
  }
});
