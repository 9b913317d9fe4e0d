import { test } from 'tap';
import { History } from '../../dist/src/history/history.js';
import { DEFAULT_BUCKETS } from '../../dist/src/kinds/buckets.js';
import { normal, poisson, randomFrom } from './values';

const SERIES = 10_000;
const SNAPSHOTS = 600;
const BYTES = 64 * 2 ** 20;
const LIMITS = { maxAge: 3_600_000, maxSnapshots: SNAPSHOTS };

/** How often each series is recorded to in a second: few of them often, most of them rarely (Zipf), 2 on average. */
const rates = Float64Array.from({ length: SERIES }, (_, rank) => 1 / (rank + 1) ** 0.9);
const sum = rates.reduce((total, rate) => total + rate);
rates.forEach((rate, rank) => {
  rates[rank] = (rate / sum) * SERIES * 2;
});

/** Ten minutes of flushes every second, behind ten minutes of the same load that nobody kept. */
function run(columns: number, observe: (values: Float64Array, series: number, count: number) => void) {
  const random = randomFrom(4);
  const history = new History(new Float64Array(new SharedArrayBuffer(BYTES)), LIMITS);
  const values = new Float64Array(SERIES * columns);
  const record = (seconds: number): void =>
    rates.forEach((rate, series) => {
      observe(values, series, poisson(rate * seconds, random));
    });
  record(600);
  for (let second = 0; second < SNAPSHOTS; second++) {
    record(1);
    history.append(second * 1_000, 1e9, values);
  }
  return { history, values };
}

test('10,000 counters, recorded to 20,000 times a second, fit in 64 MiB for 10 minutes of seconds', async (t) => {
  const { history, values } = run(1, (values, series, count) => {
    values[series] += count;
  });
  const window = history.window(0, Number.POSITIVE_INFINITY);
  t.equal(window.times.length, SNAPSHOTS);
  const into = new Float64Array(SNAPSHOTS);
  t.equal(window.read(77, 0, into), 0);
  t.equal(into[SNAPSHOTS - 1], values[77]);
  t.ok(
    history.bytes < 8e6,
    `they take ${history.bytes} bytes of ${BYTES}, and would take ${SERIES * SNAPSHOTS * 8} raw`,
  );
});

test('so do 10,000 histograms of 11 buckets, each with its own distribution of durations', async (t) => {
  const random = randomFrom(5);
  const scales = Float64Array.from({ length: SERIES }, () => 0.03 * Math.exp(0.8 * normal(random)));
  const columns = DEFAULT_BUCKETS.length + 2;
  const { history, values } = run(columns, (values, series, count) => {
    for (let one = 0; one < count; one++) {
      const seconds = scales[series] * Math.exp(0.7 * normal(random));
      const bucket = DEFAULT_BUCKETS.findIndex((bound) => seconds <= bound);
      values[series * columns] += seconds;
      values[series * columns + 1 + (bucket === -1 ? DEFAULT_BUCKETS.length : bucket)]++;
    }
  });
  const window = history.window(0, Number.POSITIVE_INFINITY);
  t.equal(window.times.length, SNAPSHOTS);
  const into = new Float64Array(SNAPSHOTS);
  for (const column of [0, 7, 65_003, columns * SERIES - 1]) {
    t.equal(window.read(column, 0, into), 0);
    t.equal(into[SNAPSHOTS - 1], values[column]);
  }
  const raw = SERIES * columns * SNAPSHOTS * 8;
  t.ok(history.bytes < BYTES, `they take ${history.bytes} bytes of ${BYTES}, and would take ${raw} raw`);
});
