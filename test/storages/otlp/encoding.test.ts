import { type Test, test } from 'tap';
import type { Snapshot } from '../../../dist/src/snapshot/snapshot.js';
import { collectorFor, stopWallClock } from '../../instruments/support';
import {
  backendOf,
  labelsOf,
  NEVER,
  nanos,
  type OtlpMetric,
  type OtlpRequest,
  pointsOf,
  Receiver,
  snapshotsOf,
} from './support';

/** Sends a snapshot in both encodings; the two must say the same. */
async function sent(t: Test, snapshot: Snapshot, options: object = {}): Promise<OtlpRequest> {
  const receiver = await Receiver.start(t);
  for (const encoding of ['protobuf', 'json'] as const) {
    const { backend } = backendOf(t, { url: receiver.url, encoding, ...options });
    await backend.store(snapshot, { signal: NEVER });
  }
  const [protobuf, json, ...rest] = receiver.taken.map(({ request }) => request);
  t.equal(rest.length, 0);
  t.same(json, protobuf, 'JSON and protobuf say the same');
  t.same(receiver.errors, []);
  return protobuf;
}

async function metricsSent(t: Test, snapshot: Snapshot, options: object = {}): Promise<Record<string, OtlpMetric>> {
  const request = await sent(t, snapshot, options);
  return Object.fromEntries(request.resourceMetrics[0].scopeMetrics[0].metrics.map((metric) => [metric.name, metric]));
}

test('every instrument arrives with its values, times, unit and description', async (t) => {
  const pass = stopWallClock(t);
  const started = Date.now();
  const collector = collectorFor(t);
  const snapshot = snapshotsOf(collector);
  collector.counter('sent_bytes_total', { unit: 'bytes', description: 'Bytes sent' }).increment(2.5, { to: 'a' });
  collector.gauge('room_celsius', { unit: 'celsius' }).set(-12.25);
  const histogram = collector.histogram('wait_seconds', { unit: 'seconds', buckets: [0.1, 1, 5] });
  for (const value of [0.1, 0.5, 1, 1.5, 100]) histogram.observe(value, { route: '/' });
  const summary = collector.summary('size', { quantiles: [0, 1] });
  for (const value of [7, 7, 7]) summary.observe(value);
  pass(5_000);
  const taken = await snapshot();
  t.equal(taken.timestamp, started + 5_000);
  const metrics = await metricsSent(t, taken);
  const time = { timeUnixNano: nanos(started + 5_000) };
  const times = { startTimeUnixNano: nanos(started), ...time };
  const attribute = (key: string, stringValue: string) => ({ attributes: [{ key, value: { stringValue } }] });
  t.same(metrics, {
    sent_bytes_total: {
      name: 'sent_bytes_total',
      description: 'Bytes sent',
      unit: 'By',
      sum: {
        dataPoints: [{ ...attribute('to', 'a'), ...times, asDouble: 2.5 }],
        aggregationTemporality: 2,
        isMonotonic: true,
      },
    },
    room_celsius: { name: 'room_celsius', unit: 'Cel', gauge: { dataPoints: [{ ...time, asDouble: -12.25 }] } },
    wait_seconds: {
      name: 'wait_seconds',
      unit: 's',
      histogram: {
        dataPoints: [
          {
            ...attribute('route', '/'),
            ...times,
            count: '5',
            sum: 0.1 + 0.5 + 1 + 1.5 + 100,
            bucketCounts: ['1', '2', '1', '1'],
            explicitBounds: [0.1, 1, 5],
          },
        ],
        aggregationTemporality: 2,
      },
    },
    size: {
      name: 'size',
      summary: {
        dataPoints: [
          {
            ...times,
            count: '3',
            sum: 21,
            quantileValues: [
              { quantile: 0, value: 7 },
              { quantile: 1, value: 7 },
            ],
          },
        ],
      },
    },
  });
});

test('cumulative points count from when their series was registered', async (t) => {
  const pass = stopWallClock(t);
  const receiver = await Receiver.start(t);
  const began = Date.now();
  const { backend, again } = backendOf(t, { url: receiver.url });
  const collector = collectorFor(t);
  const snapshot = snapshotsOf(collector);
  const counter = collector.counter('c');
  counter.increment(1, { n: 1 });
  pass(1_000);
  await backend.store(await snapshot(), { signal: NEVER });
  pass(1_000);
  counter.increment(1, { n: 2 });
  await again().store(await snapshot(), { signal: NEVER });
  t.same(
    receiver.points('c').map((point) => [labelsOf(point).n, point.startTimeUnixNano, point.timeUnixNano]),
    [
      ['1', nanos(began), nanos(began + 1_000)],
      ['1', nanos(began), nanos(began + 2_000)],
      ['2', nanos(began + 2_000), nanos(began + 2_000)],
    ],
  );
});

test('a reset and a removal give a series a new start, and the end of a series is a point without a value', async (t) => {
  for (const encoding of ['protobuf', 'json'] as const) {
    const pass = stopWallClock(t);
    const receiver = await Receiver.start(t);
    const began = Date.now();
    const { backend } = backendOf(t, { url: receiver.url, encoding });
    const collector = collectorFor(t);
    const snapshot = snapshotsOf(collector);
    const options = { labelNames: ['n'] } as const;
    const counter = collector.counter('c', options);
    const gauge = collector.gauge('g', options);
    const histogram = collector.histogram('h', { ...options, buckets: [1] });
    const summary = collector.summary('s', { ...options, quantiles: [] });
    const record = (): void => {
      counter.increment(1, { n: 1 });
      gauge.set(1, { n: 1 });
      histogram.observe(1, { n: 1 });
      summary.observe(1, { n: 1 });
    };
    let previous: Snapshot | undefined;
    const send = async (): Promise<void> => {
      pass(1_000);
      const taken = await snapshot();
      await backend.store(taken, { signal: NEVER, previous });
      previous = taken;
    };
    record();
    await send();
    for (const metric of [counter, gauge, histogram, summary]) metric.reset();
    await send();
    for (const metric of [counter, gauge, histogram, summary]) metric.clear();
    await send();
    record();
    await send();
    const shown = (name: string): unknown[] =>
      receiver.points(name).map(({ startTimeUnixNano, asDouble, count, flags }) => ({
        start: startTimeUnixNano && Number(BigInt(startTimeUnixNano) / 1_000_000n) - began,
        value: asDouble ?? (count && Number(count)),
        flags,
      }));
    for (const name of ['c', 'h', 's'])
      t.same(
        shown(name),
        [
          { start: 0, value: 1, flags: undefined },
          { start: 1_000, value: 0, flags: undefined },
          { start: undefined, value: undefined, flags: 1 },
          { start: 3_000, value: 1, flags: undefined },
        ],
        `${name}, ${encoding}`,
      );
    t.same(
      receiver.points('g').map(({ asDouble, flags }) => asDouble ?? flags),
      [1, 0, 1, 1],
    );
    t.equal(receiver.points('g')[2].flags, 1, 'the end of a gauge');
    t.same(receiver.errors, []);
  }
});

test('a delta of a series that was reset since the last delivery is all that was recorded since the reset', async (t) => {
  const pass = stopWallClock(t);
  const receiver = await Receiver.start(t);
  const began = Date.now();
  const { backend } = backendOf(t, { url: receiver.url, temporality: 'delta' });
  const collector = collectorFor(t);
  const snapshot = snapshotsOf(collector);
  const counter = collector.counter('c');
  counter.increment(5);
  pass(1_000);
  const previous = await snapshot();
  await backend.store(previous, { signal: NEVER });
  pass(500);
  counter.reset();
  counter.increment(7);
  pass(500);
  await backend.store(await snapshot(), { signal: NEVER, previous });
  t.same(
    receiver.points('c').map(({ startTimeUnixNano, asDouble }) => [startTimeUnixNano, asDouble]),
    [
      [nanos(began), 5],
      [nanos(began + 1_500), 7],
    ],
  );
});

test('labels of any kind arrive as they are', async (t) => {
  const collector = collectorFor(t, { defaultLabels: { service: 'ü' } });
  const snapshot = snapshotsOf(collector);
  const hostile = [
    'a|b,c=d"e\\f\n\r\t\0',
    '\u{1F4A9} ☃ é 漢字 \u2028',
    '\ud800 lone',
    'x'.repeat(10_000),
    '☃'.repeat(300),
    ' ',
    '{"stringValue":1}',
    '__proto__',
    '0'.repeat(127),
    '0'.repeat(128),
  ];
  const counter = collector.counter('c', { labelNames: ['value', 'constructor'] as const });
  for (const value of hostile) counter.increment(1, { value, constructor: value });
  counter.increment(1, { value: true as never, constructor: 1.5 as never });
  const { c } = await metricsSent(t, await snapshot());
  const utf8 = (text: string): string => Buffer.from(text).toString();
  t.same(
    pointsOf(c).map((point) => Object.entries(labelsOf(point))),
    [...hostile.map((value) => [value, value]), ['true', '1.5']].map(([value, other]) => [
      ['constructor', utf8(other)],
      ['service', 'ü'],
      ['value', utf8(value)],
    ]),
  );
});

test('numbers of any size arrive exactly', async (t) => {
  const collector = collectorFor(t);
  const snapshot = snapshotsOf(collector);
  const values = [
    Number.MAX_SAFE_INTEGER,
    2 ** 32,
    2 ** 32 - 1,
    2 ** 31,
    0.1,
    5e-324,
    1.7976931348623157e308,
    -5.5,
    -(2 ** 40),
    0,
    -0,
  ];
  const gauge = collector.gauge('g');
  values.forEach((value, index) => {
    gauge.set(value, { index: `${index}` });
  });
  collector.histogram('h', { buckets: [-1.5, 2 ** 60] }).observe(-2);
  collector.summary('s', { quantiles: [0.5] }).observe(-3);
  const taken = await snapshot();
  const h = taken.families.find(({ definition }) => definition.name === 'h')!;
  const s = taken.families.find(({ definition }) => definition.name === 's')!;
  const counts = [Number.MAX_SAFE_INTEGER - 2 ** 33, 2 ** 32 + 1, 2 ** 32 - 1];
  taken.values.set([Number.NEGATIVE_INFINITY, ...counts], h.series.columns[0]);
  taken.values.set([Number.MAX_SAFE_INTEGER, Number.NaN], s.series.columns[0]);
  const metrics = await metricsSent(t, taken);
  t.same(
    pointsOf(metrics.g).map(({ asDouble }) => asDouble),
    values.map((value) => value + 0),
  );
  t.match(pointsOf(metrics.h)[0], {
    count: String(Number.MAX_SAFE_INTEGER),
    sum: Number.NEGATIVE_INFINITY,
    bucketCounts: counts.map(String),
    explicitBounds: [-1.5, 2 ** 60],
  });
  t.match(pointsOf(metrics.s)[0], { count: String(Number.MAX_SAFE_INTEGER), sum: Number.NaN });
  t.equal(pointsOf(metrics.s)[0].quantileValues?.length, 1);
});

test('a summary whose window is empty has no quantiles', async (t) => {
  const collector = collectorFor(t);
  const snapshot = snapshotsOf(collector);
  collector.summary('s').observe(1, { a: 'x' });
  const taken = await snapshot();
  const { columns } = taken.families[0].series;
  taken.values.fill(Number.NaN, columns[0] + 4);
  const { s } = await metricsSent(t, taken);
  t.same(pointsOf(s)[0].quantileValues ?? [], []);
  t.equal(pointsOf(s)[0].count, '1');
});

test('a series that was created after the snapshot is not in it, nor is a metric without series', async (t) => {
  const collector = collectorFor(t);
  const snapshot = snapshotsOf(collector);
  collector.counter('nothing');
  const counter = collector.counter('c');
  counter.increment(1, { n: 1 });
  const taken = await snapshot();
  counter.increment(1, { n: 2 });
  collector.gauge('g').set(1);
  await snapshot();
  const metrics = await metricsSent(t, taken);
  t.same(Object.keys(metrics), ['c']);
  t.same(pointsOf(metrics.c).map(labelsOf), [{ n: '1' }]);
});

test('resource and scope are in every request', async (t) => {
  const collector = collectorFor(t);
  const snapshot = snapshotsOf(collector);
  collector.counter('c').increment();
  const originOf = async (options: object): Promise<unknown> => {
    const { resourceMetrics, ...rest } = await sent(t, await snapshot(), options);
    t.same(rest, {});
    t.equal(resourceMetrics.length, 1);
    const { resource, scopeMetrics } = resourceMetrics[0];
    t.equal(scopeMetrics.length, 1);
    return [resource.attributes.map(({ key, value }) => [key, value]), scopeMetrics[0].scope];
  };
  t.same(await originOf({}), [[['service.name', { stringValue: 'unknown_service:node' }]], { name: 'ringmeter' }]);
  const resource = { 'service.name': 'á', up: true, down: false, pid: -7, big: 2 ** 53 - 1, load: 0.5, none: '' };
  t.same(await originOf({ resource, scope: { name: 'x', version: '1' } }), [
    [
      ['service.name', { stringValue: 'á' }],
      ['up', { boolValue: true }],
      ['down', { boolValue: false }],
      ['pid', { intValue: '-7' }],
      ['big', { intValue: String(2 ** 53 - 1) }],
      ['load', { doubleValue: 0.5 }],
      ['none', { stringValue: '' }],
    ],
    { name: 'x', version: '1' },
  ]);
});

test('units are written in UCUM, and counted things as an annotation', async (t) => {
  const collector = collectorFor(t);
  const snapshot = snapshotsOf(collector);
  const units = {
    milliseconds: 'ms',
    kibibytes: 'KiBy',
    ratio: '1',
    requests: '{requests}',
    constructor: '{constructor}',
  };
  for (const unit of Object.keys(units)) collector.gauge(`x_${unit}`, { unit }).set(1);
  const metrics = await metricsSent(t, await snapshot());
  for (const [unit, ucum] of Object.entries(units)) t.equal(metrics[`x_${unit}`].unit, ucum);
});
