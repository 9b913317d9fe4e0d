import { OtlpStorage } from 'ringmeter';
import { test } from 'tap';
import type { Snapshot } from '../../dist/src/snapshot/snapshot.js';
import { collectorFor } from '../instruments/support';
import { backendOf, NEVER, snapshotsOf } from '../storages/otlp/support';
import { needsVictoriaMetrics, TAKES_DELTAS, TAKES_OTLP, VictoriaMetrics } from './victoria-metrics';

test(
  'a VictoriaMetrics server has the values that a collector recorded',
  needsVictoriaMetrics(TAKES_OTLP),
  async (t) => {
    const server = await VictoriaMetrics.newest(t);
    const collector = collectorFor(t, {
      flushWorkers: 1,
      defaultLabels: { zone: 'a' },
      storage: new OtlpStorage({
        url: `${server.base}/opentelemetry`,
        resource: { 'service.name': 'shop' },
        maxSeriesPerRequest: 3,
      }),
    });
    const counter = collector.counter('orders_total', { labelNames: ['user'] as const });
    const users = ['plain', 'a|b,c=d', 'quote"back\\slash\nnewline', '漢字 \u{1F4A9}', 'true'];
    users.forEach((user, index) => {
      counter.increment(2 ** 40 + index + 0.5, { user });
    });
    const gauge = collector.gauge('balance');
    gauge.set(-12.75);
    const histogram = collector.histogram('wait_seconds', { unit: 'seconds', buckets: [0.1, 1] });
    for (const value of [0.1, 0.5, 0.5, 7]) histogram.observe(value);
    const summary = collector.summary('size_bytes', { unit: 'bytes', quantiles: [0, 1] });
    for (const value of [1_000, 1_000]) summary.observe(value);
    const before = Date.now();
    await collector.flush();
    const after = Date.now();

    const orders = await server.export('orders_total', users.length);
    t.same(
      Object.fromEntries(orders.map(({ metric, values }) => [metric.user, values])),
      Object.fromEntries(users.map((user, index) => [user, [2 ** 40 + index + 0.5]])),
    );
    t.same(new Set(orders.map(({ metric }) => `${metric.zone} ${metric['service.name']}`)), new Set(['a shop']));
    for (const { timestamps } of orders) t.ok(timestamps[0] >= before && timestamps[0] <= after, 'the time is right');

    const valuesOf = async (name: string, label?: string, samples = 1): Promise<unknown> => {
      const series = await server.export(name, samples);
      return series.map(({ metric, values }) => [label && metric[label], ...values]).sort();
    };
    t.same(await valuesOf('balance'), [[undefined, -12.75]]);
    t.same(await valuesOf('wait_seconds_bucket', 'le', 3), [
      ['+Inf', 4],
      ['0.1', 1],
      ['1', 3],
    ]);
    t.same(await valuesOf('wait_seconds_count'), [[undefined, 4]]);
    t.same(await valuesOf('wait_seconds_sum'), [[undefined, 0.1 + 0.5 + 0.5 + 7]]);
    t.same(await valuesOf('size_bytes_count'), [[undefined, 2]]);
    t.same(await valuesOf('size_bytes_sum'), [[undefined, 2_000]]);
    t.same(await valuesOf('size_bytes', 'quantile', 2), [
      ['0', 1_000],
      ['1', 1_000],
    ]);

    counter.increment(1, { user: 'plain' });
    await collector.flush();
    const [{ values }] = await server.export('orders_total{user="plain"}', 2);
    t.same(values, [2 ** 40 + 0.5, 2 ** 40 + 1.5], 'cumulative: the second value has the first one in it');
    t.equal(await server.number('orders_total{user="plain"}'), 2 ** 40 + 1.5);
  },
);

test(
  'deltas add up in a VictoriaMetrics server that was down for a while',
  needsVictoriaMetrics(TAKES_DELTAS),
  async (t) => {
    const server = await VictoriaMetrics.newest(t);
    const { backend } = backendOf(t, { url: `${server.base}/opentelemetry`, temporality: 'delta' });
    const collector = collectorFor(t);
    const snapshot = snapshotsOf(collector);
    let previous: Snapshot | undefined;
    const stored: number[] = [];
    /** One flush: what is recorded, and whether it arrives. */
    const flush = async (value: number, arrives = true): Promise<void> => {
      collector.counter('orders_total').increment(value);
      collector.histogram('wait_seconds', { buckets: [5, 50] }).observe(value);
      const taken = await snapshot();
      const storing = backend.store(taken, { signal: NEVER, previous });
      if (!arrives) {
        await t.rejects(storing, { code: 'RINGMETER_STORAGE_FAILED', retryable: true });
        return;
      }
      await storing;
      previous = { ...taken, values: taken.values.slice() };
      stored.push(taken.timestamp);
    };
    await flush(1);
    await flush(2);
    await server.stop();
    await flush(4, false);
    await flush(8, false);
    await server.run();
    await flush(16);
    await flush(32);

    const [{ values, timestamps }] = await server.export('orders_total', 4);
    t.same(values, [1, 2, 4 + 8 + 16, 32]);
    t.same(timestamps, stored);
    // sum, count and three buckets
    await server.export('{__name__=~"wait_seconds_.*"}', 5 * stored.length);
    const total = (expression: string): Promise<unknown> => server.number(`sum_over_time(${expression}[1h])`);
    t.equal(await total('orders_total'), 63);
    t.equal(await total('wait_seconds_sum'), 63);
    t.equal(await total('wait_seconds_count'), 6);
    t.equal(await total('wait_seconds_bucket{le="5"}'), 3);
    t.equal(await total('wait_seconds_bucket{le="50"}'), 6);
  },
);
