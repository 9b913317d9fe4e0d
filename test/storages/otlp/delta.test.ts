import fc from 'fast-check';
import type { MetricsCollector } from 'ringmeter';
import { type Test, test } from 'tap';
import type { Snapshot } from '../../../dist/src/snapshot/snapshot.js';
import { Ledger } from '../../../dist/src/storages/otlp/ledger.js';
import { collectorFor, SEED, stopWallClock } from '../../instruments/support';
import { backendOf, labelsOf, NEVER, nanos, type OtlpPoint, Receiver, snapshotsOf, status } from './support';

/**
 * A collector, a delta storage, a receiver, and what stands between them: the last snapshot that was stored is handed to
 * the next attempt, whoever makes it.
 */
async function delivery(t: Test, options: { maxSeriesPerRequest?: number } = {}) {
  const pass = stopWallClock(t);
  const receiver = await Receiver.start(t);
  const started = Date.now();
  const collector = collectorFor(t);
  const snapshot = snapshotsOf(collector);
  const { backend, again } = backendOf(t, { url: receiver.url, temporality: 'delta', ...options });
  let current = backend;
  let previous: Snapshot | undefined;
  return {
    collector,
    receiver,
    started,
    pass,
    async take(): Promise<Snapshot> {
      pass(1_000);
      return snapshot();
    },
    /** @returns whether it was stored */
    async store(taken: Snapshot): Promise<boolean> {
      const copy = { ...taken, values: taken.values.slice() };
      try {
        await current.store(copy, { signal: NEVER, previous });
      } catch {
        return false;
      }
      previous = copy;
      return true;
    },
    replaceWorker() {
      current = again();
    },
  };
}

const intervals = (points: OtlpPoint[], started: number): unknown[] =>
  points.map(({ startTimeUnixNano, timeUnixNano, asDouble }) => [
    Number(BigInt(startTimeUnixNano!) / 1_000_000n) - started,
    Number(BigInt(timeUnixNano) / 1_000_000n) - started,
    asDouble,
  ]);

test('a delta contains the records since the last delivery', async (t) => {
  const { collector, receiver, started, take, store } = await delivery(t);
  const counter = collector.counter('c');
  const histogram = collector.histogram('h', { buckets: [1, 2] });
  const gauge = collector.gauge('g');
  const summary = collector.summary('s', { quantiles: [1] });
  for (const value of [1, 2, 4]) {
    counter.increment(value);
    histogram.observe(value / 2);
    gauge.set(value);
    summary.observe(value);
    t.ok(await store(await take()));
  }
  t.same(intervals(receiver.points('c'), started), [
    [0, 1_000, 1],
    [1_000, 2_000, 2],
    [2_000, 3_000, 4],
  ]);
  t.same(
    receiver
      .points('h')
      .map(({ startTimeUnixNano, count, sum, bucketCounts }) => [startTimeUnixNano, count, sum, bucketCounts]),
    [
      [nanos(started), '1', 0.5, ['1', '0', '0']],
      [nanos(started + 1_000), '1', 1, ['1', '0', '0']],
      [nanos(started + 2_000), '1', 2, ['0', '1', '0']],
    ],
  );
  t.same(
    receiver.points('g').map(({ asDouble, startTimeUnixNano }) => [asDouble, startTimeUnixNano]),
    [
      [1, undefined],
      [2, undefined],
      [4, undefined],
    ],
    'a gauge has no delta',
  );
  t.same(
    receiver.points('s').map(({ count, sum, startTimeUnixNano }) => [count, sum, startTimeUnixNano]),
    [
      ['1', 1, nanos(started)],
      ['2', 3, nanos(started)],
      ['3', 7, nanos(started)],
    ],
    'nor has a summary',
  );
  const temporalities = receiver.taken.flatMap(({ metrics }) =>
    metrics.flatMap(({ sum, histogram: h }) => [sum?.aggregationTemporality, h?.aggregationTemporality]),
  );
  t.same(new Set(temporalities), new Set([1, undefined]));
});

test('a delta that was not delivered is part of the next', async (t) => {
  const { collector, receiver, started, take, store } = await delivery(t);
  const counter = collector.counter('c');
  const recorded: [number, number | undefined][] = [
    [1, undefined],
    [2, 503],
    [4, 400],
    [8, 401],
    [16, undefined],
    [32, undefined],
  ];
  for (const [value, code] of recorded) {
    counter.increment(value);
    receiver.answers.push(code === undefined ? undefined : status(code));
    t.equal(await store(await take()), code === undefined);
  }
  t.same(intervals(receiver.points('c'), started), [
    [0, 1_000, 1],
    [1_000, 5_000, 2 + 4 + 8 + 16],
    [5_000, 6_000, 32],
  ]);
});

test('an unchanged series has no delta; a new series has one, even if it is 0', async (t) => {
  const { collector, receiver, started, take, store } = await delivery(t);
  const counter = collector.counter('c');
  const histogram = collector.histogram('h');
  counter.increment(1, { n: 1 });
  counter.labels({ n: 2 });
  histogram.observe(0);
  await store(await take());
  await store(await take());
  t.equal(receiver.received.length, 1, 'no request without points');
  counter.increment(5, { n: 2 });
  counter.increment(6, { n: 3 });
  // counts, but changes no sum
  histogram.observe(0);
  await store(await take());
  t.same(
    receiver.points('c').map((point) => [labelsOf(point).n, point.asDouble]),
    [
      ['1', 1],
      ['2', 0],
      ['2', 5],
      ['3', 6],
    ],
  );
  t.same(
    intervals(receiver.points('c'), started).map((point) => (point as number[])[0]),
    [0, 0, 2_000, 2_000],
  );
  t.same(
    receiver.points('h').map(({ count }) => count),
    ['1', '1'],
  );
});

test('a restarted series has its whole value as delta; one that only lost a rounding error has none', async (t) => {
  const { collector, receiver, take, store } = await delivery(t);
  collector.counter('c').increment(1000.1);
  const histogram = collector.histogram('h', { buckets: [1] });
  for (const value of [-5, 3]) histogram.observe(value);
  const taken = await take();
  await store(taken);
  const shown = async (c: number, h: number[]): Promise<unknown> => {
    const next = await take();
    const columnOf = (name: string): number =>
      next.families.find(({ definition }) => definition.name === name)!.series.columns[0];
    next.values[columnOf('c')] = c;
    next.values.set(h, columnOf('h'));
    receiver.taken.length = 0;
    await store(next);
    return [
      receiver.points('c').map(({ asDouble }) => asDouble),
      receiver.points('h').map(({ sum, count, bucketCounts }) => [sum, count, bucketCounts]),
    ];
  };
  t.same(await shown(1000.1 - 1e-12, [-7, 2, 1]), [[], [[-5, '1', ['1', '0']]]], 'a sum may go down');
  t.same(await shown(400, [4, 0, 1]), [[400], [[4, '1', ['0', '1']]]]);
  t.same(await shown(401, [8, 0, 2]), [[1], [[4, '1', ['0', '1']]]]);
});

test('a counter that reaches infinity does not become NaN', async (t) => {
  const { collector, receiver, take, store } = await delivery(t);
  const counter = collector.counter('c');
  for (let round = 0; round < 3; round++) {
    counter.increment(Number.MAX_VALUE);
    await store(await take());
  }
  t.same(
    receiver.points('c').map(({ asDouble }) => asDouble),
    [Number.MAX_VALUE, Number.POSITIVE_INFINITY],
  );
});

test('a clock that is set back does not make an interval negative', async (t) => {
  const { collector, receiver, pass, take, store } = await delivery(t);
  collector.counter('c').increment();
  await store(await take());
  collector.counter('c').increment();
  pass(-60_000);
  await store(await take());
  for (const { startTimeUnixNano, timeUnixNano } of receiver.points('c'))
    t.ok(BigInt(startTimeUnixNano!) <= BigInt(timeUnixNano));
});

test('the accepted part of a dropped snapshot is not sent again', async (t) => {
  const { collector, receiver, started, take, store, replaceWorker } = await delivery(t, { maxSeriesPerRequest: 1 });
  const counter = collector.counter('c');
  const record = (value: number): void => {
    for (const n of [1, 2, 3]) counter.increment(value, { n });
  };
  record(1);
  t.ok(await store(await take()));
  record(2);
  receiver.answers.push(undefined, status(503));
  t.notOk(await store(await take()), 'the first series was taken');
  replaceWorker();
  record(4);
  receiver.answers.push(status(400), status(400), undefined);
  t.notOk(await store(await take()), 'now the third');
  record(8);
  t.ok(await store(await take()));
  record(16);
  t.ok(await store(await take()));
  const seen = (n: string) =>
    intervals(
      receiver.points('c').filter((point) => labelsOf(point).n === n),
      started,
    );
  t.same(seen('1'), [
    [0, 1_000, 1],
    [1_000, 2_000, 2],
    [2_000, 4_000, 4 + 8],
    [4_000, 5_000, 16],
  ]);
  t.same(seen('2'), [
    [0, 1_000, 1],
    [1_000, 4_000, 2 + 4 + 8],
    [4_000, 5_000, 16],
  ]);
  t.same(seen('3'), [
    [0, 1_000, 1],
    [1_000, 3_000, 2 + 4],
    [3_000, 4_000, 8],
    [4_000, 5_000, 16],
  ]);
});

test('two snapshots with the same timestamp are distinguished', async (t) => {
  const { collector, receiver, pass, take, store } = await delivery(t, { maxSeriesPerRequest: 1 });
  const counter = collector.counter('c');
  const record = (): void => {
    for (const n of [1, 2]) counter.increment(1, { n });
  };
  record();
  receiver.answers.push(undefined, status(503));
  t.notOk(await store(await take()));
  for (let round = 0; round < 2; round++) {
    record();
    pass(-1_000);
    t.ok(await store(await take()));
  }
  const sum = (n: string): number =>
    receiver
      .points('c')
      .filter((point) => labelsOf(point).n === n)
      .reduce((total, { asDouble }) => total + asDouble!, 0);
  t.same([sum('1'), sum('2')], [3, 3]);
});

test('a full ledger remembers fewer series, and deltas stay correct', async (t) => {
  const ledger = new Ledger(Ledger.allocate(8 * (8 + 3 * 2)));
  const snapshot = { timestamp: 5, families: [], births: 9, values: Float64Array.of(1, 2, 3, 4) };
  for (const [place, column, width, kept] of [
    [0, 0, 2, true],
    [1, 1, 2, false],
    [2, 0, 1, false],
    [1, 1, 1, true],
  ] as const) {
    ledger.took(snapshot, place, column, width);
    t.equal(ledger.has(snapshot, place, column, width), kept, `${place} ${column} ${width}`);
  }
  ledger.tookAll(snapshot);
  t.equal(ledger.takenAt(0), 0);
  t.ok(ledger.hasAll({ ...snapshot, values: snapshot.values.slice() }));
  t.notOk(ledger.hasAll({ ...snapshot, values: Float64Array.of(1, 2, 3, 5) }));
  t.notOk(ledger.hasAll({ ...snapshot, timestamp: 6 }));
});

/** What happens to a delta storage. */
const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant('count'), n: fc.nat(4), value: fc.nat(1000) }) },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant('observe'), n: fc.nat(2), value: fc.integer({ min: -4, max: 9 }) }),
    },
    {
      weight: 5,
      // a snapshot, tried so often; each request of all attempts has its answer
      arbitrary: fc.record({
        do: fc.constant('flush'),
        attempts: fc.integer({ min: 1, max: 3 }),
        answers: fc.array(fc.constantFrom(200, 200, 200, 503, 429, 400, 401, 500), { maxLength: 10 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('replace') }) },
  ) as fc.Arbitrary<Step>,
  { maxLength: 25 },
);
type Step = { do: string; n?: number; value?: number; attempts?: number; answers?: number[] };

/** What was recorded, per series and field, counted by the test itself. */
class Recorded {
  readonly totals: Record<string, number> = {};

  constructor(private readonly collector: MetricsCollector) {}

  count(n: number, value: number): void {
    this.collector.counter('c').increment(value, { n });
    this.add(`c ${n}`, value);
  }

  observe(n: number, value: number): void {
    this.collector.histogram('h', { buckets: [0, 5] }).observe(value, { n });
    this.add(`h ${n} ${value <= 0 ? 0 : value <= 5 ? 1 : 2}`, 1);
    this.add(`h ${n} sum`, value);
  }

  private add(key: string, value: number): void {
    this.totals[key] = (this.totals[key] ?? 0) + value;
  }
}

/** The same of what was delivered. Intervals of a series may not overlap. */
function delivered(receiver: Receiver): Record<string, number> {
  const totals: Record<string, number> = {};
  const ends: Record<string, bigint> = {};
  const add = (key: string, value: number): void => {
    totals[key] = (totals[key] ?? 0) + value;
  };
  const extend = (key: string, { startTimeUnixNano, timeUnixNano }: OtlpPoint): void => {
    if (BigInt(startTimeUnixNano!) < (ends[key] ?? 0n)) throw new Error(`intervals of ${key} overlap`);
    ends[key] = BigInt(timeUnixNano);
  };
  for (const point of receiver.points('c')) {
    const { n } = labelsOf(point);
    extend(`c ${n}`, point);
    add(`c ${n}`, point.asDouble!);
  }
  for (const point of receiver.points('h')) {
    const { n } = labelsOf(point);
    extend(`h ${n}`, point);
    add(`h ${n} sum`, point.sum!);
    point.bucketCounts!.forEach((count, bucket) => {
      if (count !== '0') add(`h ${n} ${bucket}`, Number(count));
    });
    const count = point.bucketCounts!.reduce((sum, one) => sum + Number(one), 0);
    if (Number(point.count) !== count) throw new Error('the count is not that of the buckets');
  }
  return totals;
}

test('the deltas delivered add up to what was recorded, whatever fails in between', async (t) => {
  let worlds = 0;
  await fc.assert(
    fc.asyncProperty(steps, fc.integer({ min: 1, max: 4 }), async (script, maxSeriesPerRequest) => {
      worlds++;
      await t.test(`run ${worlds}`, async (t) => {
        const { collector, receiver, take, store, replaceWorker } = await delivery(t, { maxSeriesPerRequest });
        const recorded = new Recorded(collector);
        for (const step of script)
          if (step.do === 'count') recorded.count(step.n!, step.value!);
          else if (step.do === 'observe') recorded.observe(step.n!, step.value!);
          else if (step.do === 'replace') replaceWorker();
          else {
            receiver.answers.push(...step.answers!.map((code) => (code === 200 ? undefined : status(code))));
            const taken = await take();
            for (let attempt = 0; attempt < step.attempts!; attempt++) if (await store(taken)) break;
            receiver.answers.length = 0;
          }
        if (!(await store(await take()))) throw new Error('the last snapshot was not taken');
        t.same(delivered(receiver), recorded.totals);
        if (!t.passing()) throw new Error('see above');
      });
    }),
    { numRuns: 60, seed: SEED },
  );
});
