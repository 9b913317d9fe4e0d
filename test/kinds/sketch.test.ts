import fc from 'fast-check';
import { type Test, test } from 'tap';
import { SUMMARY_COLUMNS } from '../../dist/src/kinds/summary-cells.js';
import program from '../fixtures/program.cjs';
import { SEED } from '../instruments/support';
import { FoldBench } from './bench';

const QUANTILES = [0, 0.001, 0.01, 0.07, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999, 1];

/** The smallest value that at least `quantile` of the values do not exceed. */
function nearestRank(sorted: ArrayLike<number>, quantile: number): number {
  // ceil(0.07 * 100) is 8 in floating point; the rank is 7
  const rank = Math.ceil(Number((quantile * sorted.length).toPrecision(12)));
  return sorted[Math.min(Math.max(rank, 1), sorted.length) - 1];
}

/** What a summary says of a data set, and how far that is from the truth. Empty if it is within its promise. */
function faults(values: readonly number[], quantiles = QUANTILES): string[] {
  const bench = new FoldBench('summary');
  for (const value of values) bench.fold('SUMMARIZE', value);
  const columns = bench.merged(quantiles);
  const sorted = Float64Array.from(values).sort();
  const found: string[] = [];
  const exactly = (what: string, got: number, expected: number): void => {
    if (got !== expected) found.push(`${what}: ${got} instead of ${expected}`);
  };
  const sum = values.reduce((total, value) => total + value, 0);
  const scale = values.reduce((total, value) => total + Math.abs(value), 0);
  exactly('count', columns[SUMMARY_COLUMNS.COUNT], values.length);
  exactly('window count', columns[SUMMARY_COLUMNS.WINDOW_COUNT], values.length);
  exactly('min', columns[SUMMARY_COLUMNS.MIN], sorted[0]);
  exactly('max', columns[SUMMARY_COLUMNS.MAX], sorted[sorted.length - 1]);
  if (!(Math.abs(columns[SUMMARY_COLUMNS.SUM] - sum) <= 1e-9 * scale)) found.push('sum');
  quantiles.forEach((quantile, index) => {
    const got = columns[SUMMARY_COLUMNS.QUANTILES + index];
    const exact = nearestRank(sorted, quantile);
    if (!(Math.abs(got - exact) <= 0.01 * Math.abs(exact))) found.push(`q${quantile}: ${got} instead of ${exact}`);
  });
  return found;
}

const random = program.random(SEED);
/** A standard normal random number, by Box and Muller's formula. */
const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
const many = (count: number, value: (index: number) => number): number[] =>
  Array.from({ length: count }, (_, i) => value(i));

const dataSets: Record<string, number[]> = {
  increasing: many(10_000, (index) => index),
  decreasing: many(10_000, (index) => 10_000 - index),
  constant: many(1_000, () => 42.4242),
  'constant and negative': many(1_000, () => -1e-9),
  zeros: many(100, () => 0),
  'zeros of both signs': many(100, (index) => (index % 2 ? 0 : -0)),
  'zeros among others': many(1_000, (index) => (index % 3 ? index : 0)),
  'lognormal, like latencies': many(100_000, () => Math.exp(normal() - 5)),
  'lognormal, wide': many(20_000, () => Math.exp(2 * normal())),
  'uniform 1e-9 to 1e9': many(20_000, () => 1e-9 + random() * 1e9),
  'every magnitude from 1e-9 to 1e9': many(100_000, () => 10 ** (18 * random() - 9)),
  negative: many(20_000, () => -(10 ** (18 * random() - 9))),
  'mixed signs': many(20_000, () => 1_000 * normal()),
  'two far peaks': many(10_001, (index) => (index % 2 ? 1e-9 : 1e9) * (1 + random() / 10)),
  'bin edges': many(1_000, (index) => 1 + index / 64),
  'powers of two': many(60, (index) => 2 ** (index - 30)),
  'one value': [7.7],
  'two values': [1, 1e9],
  'three values': [1e-9, 0, -1e-9],
  'ten values': [5, 3, 8, 1, 9, 2, 7, 4, 10, 6],
};

for (const [name, values] of Object.entries(dataSets))
  test(`quantiles of ${values.length} values (${name}) are within 1 % (RINGMETER_SEED=${SEED})`, async (t: Test) => {
    t.same(faults(values), []);
  });

test(`quantiles of any values are within 1 % (RINGMETER_SEED=${SEED})`, async (t) => {
  const magnitude = fc.double({ min: 1e-9, max: 1e9, noNaN: true });
  const anywhere = fc.oneof(
    fc.array(magnitude, { minLength: 1, maxLength: 300 }),
    fc.array(
      magnitude.map((value) => -value),
      { minLength: 1, maxLength: 300 },
    ),
    fc.array(fc.oneof(fc.constant(0), fc.double({ min: -1e4, max: 1e4, noNaN: true }).map(Math.round)), {
      minLength: 1,
    }),
  );
  const quantiles = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(anywhere, quantiles, (values, some) => {
      t.same(faults(values, some), []);
      return t.passing();
    }),
    { seed: SEED, numRuns: 200 },
  );
});

test('values of more octaves than a sketch has keep their count, sum and extremes', async (t) => {
  const bench = new FoldBench('summary');
  const values = many(20_000, (index) => (index % 2 ? 1 : -1) * 10 ** (18 * random() - 9));
  for (const value of values) bench.fold('SUMMARIZE', value);
  const columns = bench.merged([0, 0.5, 1]);
  const sorted = Float64Array.from(values).sort();
  t.equal(columns[SUMMARY_COLUMNS.WINDOW_COUNT], values.length);
  t.equal(columns[SUMMARY_COLUMNS.MIN], sorted[0]);
  t.equal(columns[SUMMARY_COLUMNS.MAX], sorted[sorted.length - 1]);
  const quantiles = [...columns.subarray(SUMMARY_COLUMNS.QUANTILES)];
  t.same(
    [...quantiles].sort((a, b) => a - b),
    quantiles,
    'quantiles are in order',
  );
});

test('sketches of several shards, overflow cells included, merge into the sketch of all values', async (t) => {
  const bench = new FoldBench('summary', {}, 3);
  const alone = new FoldBench('summary');
  const values = many(3_000, () => Math.exp(2 * normal()));
  values.forEach((value, index) => {
    bench.fold('SUMMARIZE', value, { shard: index % 3, overflow: index % 7 === 0 });
    alone.fold('SUMMARIZE', value);
  });
  const [merged, expected] = [bench.merged(QUANTILES), alone.merged(QUANTILES)];
  const sums: number[] = [SUMMARY_COLUMNS.SUM, SUMMARY_COLUMNS.WINDOW_SUM];
  merged.forEach((value, column) => {
    if (sums.includes(column)) t.ok(Math.abs(value - expected[column]) < 1e-6, 'sums differ in rounding only');
    else t.equal(value, expected[column]);
  });
});
