import fc from 'fast-check';
import { test } from 'tap';
import { DEFAULT_BUCKETS } from '../../dist/src/kinds/buckets.js';
import { histogramQuantile } from '../../dist/src/kinds/histogram-value.js';
import type { Observed } from '../../dist/src/lint/histograms.js';
import { lintLayout } from '../../dist/src/lint/layout.js';
import { proposeBuckets } from '../../dist/src/lint/propose.js';
import { SEED } from '../instruments/support';

function observe(values: readonly number[], bounds: readonly number[]): Observed {
  const counts = [...bounds, 0].map(() => 0);
  for (const value of values) {
    const bucket = bounds.findIndex((bound) => value <= bound);
    counts[bucket === -1 ? bounds.length : bucket]++;
  }
  return { bounds: [...bounds], counts, count: values.length, sum: values.reduce((sum, value) => sum + value, 0) };
}

/** Durations as they are in life: around a median, with a long tail. By inversion, so that they are the same each time. */
function durations(median: number, spread: number): number[] {
  return Array.from({ length: 5_000 }, (_, n) => {
    const p = (n + 0.5) / 5_000;
    return median * Math.exp(spread * Math.log(p / (1 - p)));
  });
}

function complaints(observed: Observed): { rule: string; message: string; buckets?: number[] }[] {
  const found: { rule: string; message: string; buckets?: number[] }[] = [];
  lintLayout(observed, (rule, message, more) => found.push({ rule, message, buckets: more?.buckets }));
  return found;
}

test('default buckets fit durations of a web service', async (t) => {
  t.same(complaints(observe(durations(0.05, 0.5), DEFAULT_BUCKETS)), []);
});

test('buckets that do not fit the values are reported, with buckets that fit', async (t) => {
  for (const [median, spread, bounds, rule] of [
    [0.0005, 0.3, DEFAULT_BUCKETS, 'buckets-one'],
    [20, 0.3, DEFAULT_BUCKETS, 'buckets-beyond'],
    [0.05, 0.4, [0.01, 0.1, 1, 10], 'buckets-coarse'],
    [0.3, 0.1, [...Array(20).keys()].map((n) => 0.1 * (n + 1)), 'buckets-unused'],
  ] as const) {
    const values = durations(median, spread);
    const [complaint, ...others] = complaints(observe(values, bounds));
    t.equal(complaint?.rule, rule);
    t.same(others, [], 'one complaint at a time');
    t.ok(complaint.message.endsWith(`Buckets that fit: [${complaint.buckets?.join(', ')}]`), complaint.message);
  }
});

test('few observations give no finding', async (t) => {
  t.same(complaints(observe(durations(20, 0.3).slice(0, 99), DEFAULT_BUCKETS)), []);
  t.same(complaints(observe([], DEFAULT_BUCKETS)), []);
});

test(`following the proposals leads to buckets that fit, within three rounds (RINGMETER_SEED=${SEED})`, async (t) => {
  const median = fc.double({ min: -5, max: 4, noNaN: true }).map((exponent) => 10 ** exponent);
  const spread = fc.double({ min: 0.15, max: 0.8, noNaN: true });
  let rounds = 0;
  fc.assert(
    fc.property(median, spread, (middle, width) => {
      const values = durations(middle, width);
      let bounds: readonly number[] = DEFAULT_BUCKETS;
      let left = complaints(observe(values, bounds));
      for (let round = 0; round < 3 && left.length > 0; round++) {
        rounds++;
        bounds = left[0].buckets ?? bounds;
        left = complaints(observe(values, bounds));
      }
      if (left.length > 0) throw new Error(`${bounds}: ${left[0].message}`);
      if (bounds.length > 30) throw new Error(`${bounds.length} bounds`);
      // and then p99 is known well
      const { counts } = observe(values, bounds);
      const real = values[Math.ceil(0.99 * values.length) - 1];
      const estimated = histogramQuantile(0.99, bounds, counts);
      if (Math.abs(estimated / real - 1) > 1) throw new Error(`p99 is ${real}, estimated ${estimated} by ${bounds}`);
    }),
    { seed: SEED, numRuns: 200 },
  );
  t.ok(rounds > 100, `${rounds} rounds`);
});

test('bounds that are proposed are preferred numbers, ascending', async (t) => {
  t.same(
    proposeBuckets(observe(durations(0.0005, 0.3), DEFAULT_BUCKETS)),
    [0.0001, 0.00015, 0.0002, 0.0003, 0.0005, 0.0007, 0.001, 0.0015, 0.002, 0.003, 0.005],
  );
  const wide = proposeBuckets(observe(durations(1, 3), [1e-9, 1e-6, 1e-3, 1, 1e3, 1e6, 1e9]))!;
  t.ok(
    wide.every((bound, index) => index === 0 || bound > wide[index - 1]),
    String(wide),
  );
});

test('values on both sides of 0 get steps of one width', async (t) => {
  const values = Array.from({ length: 1_000 }, (_, n) => n / 10 - 50);
  const proposed = proposeBuckets(observe(values, [-1_000, 0, 1_000]))!;
  t.ok(proposed[0] < 0 && proposed.at(-1)! > 0 && proposed.length <= 13, String(proposed));
  const steps = new Set(proposed.slice(1).map((bound, index) => bound - proposed[index]));
  t.equal(steps.size, 1);
  t.equal(proposeBuckets(observe([], [1])), undefined);
});
