import fc from 'fast-check';
import { test } from 'tap';
import { increase, rate } from '../../dist/src/query/increase.js';
import { SEED } from '../instruments/support';

type Pairs = readonly (readonly [seconds: number, value: number])[];

const points = (pairs: Pairs) => ({
  times: Float64Array.from(pairs, ([seconds]) => seconds * 1000),
  values: Float64Array.from(pairs, ([, value]) => value),
  first: 0,
});
const grown = (pairs: Pairs, from: number, to: number) => increase(points(pairs), from * 1000, to * 1000);

/** Written from the documentation, step by step, without a thought for speed. */
function naive(pairs: Pairs, from: number, to: number): number | undefined {
  const last = new Map(pairs);
  const samples = [...last.entries()];
  if (samples.length < 2) return undefined;
  let total = 0;
  for (let index = 1; index < samples.length; index++) {
    const [before, now] = [samples[index - 1][1], samples[index][1]];
    total += now < before ? now : now - before;
  }
  const [start, first] = samples[0];
  const [end] = samples[samples.length - 1];
  const average = (end - start) / (samples.length - 1);
  let left = start - from;
  if (total > 0 && first >= 0) left = Math.min(left, (end - start) * (first / total));
  left = left < average * 1.1 ? left : average / 2;
  const right = to - end < average * 1.1 ? to - end : average / 2;
  return (total * (end - start + left + right)) / (end - start);
}

test('a counter that grows evenly grows by as much as the range is long', async (t) => {
  const pairs: Pairs = Array.from({ length: 7 }, (_, index) => [100 + index * 10, 500 + index * 50]);
  t.equal(grown(pairs, 100, 160), 300);
  t.equal(grown(pairs, 95, 165), 350, 'half a distance at each end is extrapolated');
  t.equal(grown(pairs, 90, 160), 350, 'a whole one is as well');
  t.equal(grown(pairs, 80, 160), 325, 'a longer gap by half a distance only');
  t.equal(grown(pairs, 100, 200), 325);
  t.equal(rate(points(pairs), 100_000, 160_000), 5);
  t.equal(rate(points(pairs), 95_000, 165_000), 5);
});

test('extrapolation goes back to where the counter was 0, and no further', async (t) => {
  t.equal(
    grown(
      [
        [10, 25],
        [20, 75],
      ],
      0,
      20,
    ),
    75,
  );
  t.equal(
    grown(
      [
        [10, 0],
        [20, 100],
      ],
      0,
      20,
    ),
    100,
  );
  t.equal(
    grown(
      [
        [10, -5],
        [20, 95],
      ],
      5,
      20,
    ),
    150,
    'a negative one was no counter',
  );
});

test('a value below the one before is a reset', async (t) => {
  const resets: Pairs = [
    [0, 100],
    [10, 110],
    [20, 4],
    [30, 4],
    [40, 2],
    [50, 12],
  ];
  t.equal(grown(resets, 0, 50), 10 + 4 + 2 + 10);
});

test('fewer than two points have no increase; of points at one time the last counts', async (t) => {
  t.equal(grown([], 0, 10), undefined);
  t.equal(grown([[5, 7]], 0, 10), undefined);
  const same: Pairs = [
    [5, 9],
    [5, 7],
  ];
  t.equal(grown(same, 0, 10), undefined);
  const pairs: Pairs = [...same, [10, 17], [10, 16], [15, 30], [15, 31]];
  t.equal(grown(pairs, 5, 15), 24);
  t.equal(increase({ ...points(pairs), first: 3 }, 10_000, 15_000), 15, 'what is before the first does not count');
});

test('a NaN value makes the increase NaN', async (t) => {
  const pairs: Pairs = [
    [0, 1],
    [10, Number.NaN],
    [20, 3],
  ];
  t.equal(grown(pairs, 0, 20), 2, 'Prometheus only looks at both ends and at resets');
  t.same(grown([...pairs, [30, Number.NaN]], 0, 30), Number.NaN);
});

test(`the increase is what the documentation says, for any points (RINGMETER_SEED=${SEED})`, async (t) => {
  const pair = fc.tuple(fc.nat(30), fc.oneof(fc.nat(1000), fc.double({ min: -100, max: 100, noNaN: true })));
  fc.assert(
    fc.property(fc.array(pair, { maxLength: 30 }), fc.nat(40), fc.nat(40), (pairs, before, after) => {
      pairs.sort(([a], [b]) => a - b);
      const from = (pairs[0]?.[0] ?? 0) - before;
      const to = (pairs.at(-1)?.[0] ?? 0) + after;
      const [told, expected] = [grown(pairs, from, to), naive(pairs, from, to)];
      if (told === undefined || expected === undefined) return told === expected;
      const near = Math.abs(told - expected) <= 1e-9 * Math.max(1, Math.abs(expected));
      const perSecond = rate(points(pairs), from * 1000, to * 1000);
      return near && perSecond === told / (to - from);
    }),
    { seed: SEED, numRuns: 2_000 },
  );
  t.pass();
});
