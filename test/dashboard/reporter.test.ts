import { MetricsCollector } from 'ringmeter';
import { test } from 'tap';
import { resolveDashboard } from '../../dist/src/dashboard/options';
import { Reporter, type ReporterHost } from '../../dist/src/dashboard/reporter';
import { midnight } from '../../dist/src/dashboard/today';
import type { SampleSeries } from '../../dist/src/query/types';

const HOUR = 3_600_000;
const NOTHING = new Float64Array();

/** What a process that was started two days ago says, of whose counter these samples are left. */
function reporter(now: number, samples: [number, number][]): Reporter {
  const timeZone = 'UTC';
  const figures = { orders: { expression: 'sum(increase(orders_total[$today]))' } };
  const options = { ...resolveDashboard({ timeZone, figures }), madeAt: now - 48 * HOUR };
  const times = (from: number, to: number) =>
    Float64Array.from(samples.map(([time]) => time).filter((time) => time >= from && time <= to));
  const host: ReporterHost = {
    options,
    flushInterval: HOUR,
    cardinalityLimit: 1,
    families: () => [],
    snapshot: async () => ({ timestamp: now, takenAt: 0, births: 0, families: [], values: NOTHING }),
    history: {
      select: (_, from, to): SampleSeries[] => {
        const inside = samples.filter(([time]) => time >= from && time <= to);
        if (inside.length === 0) return [];
        const values = Float64Array.from(inside, ([, value]) => value);
        return [{ labels: { __name__: 'orders_total' }, times: times(from, to), values }];
      },
    },
    historyTimes: times,
    rules: { rules: () => [], alerts: () => [] },
    storages: () => [],
    lastStall: () => undefined,
    drainer: { used: () => [] } as never,
  };
  return new Reporter(host);
}

/** Samples each hour, of which each is 10 more. */
function hourly(from: number, to: number): [number, number][] {
  return Array.from({ length: Math.round((to - from) / HOUR) + 1 }, (_, hour) => [
    from + hour * HOUR,
    1_000 + hour * 10,
  ]);
}

test('in a process that has run since yesterday, figures of today begin at midnight', async (t) => {
  const now = midnight('UTC', Date.now()) + 10 * HOUR;
  const { business } = await reporter(now, hourly(now - 20 * HOUR, now)).document();
  t.match(business.orders, { value: 100, since: now - 10 * HOUR, error: null });
});

test('a figure of today begins with the history if that is shorter, and shows since when', async (t) => {
  const now = midnight('UTC', Date.now()) + 10 * HOUR;
  const { business } = await reporter(now, hourly(now - 4 * HOUR, now)).document();
  t.match(business.orders, { since: now - 4 * HOUR, error: null });
  // extrapolated by half a distance to before, as increase() does
  t.equal(business.orders.value, 45);
});

test('an expression that cannot be evaluated shows its error, and the other figures are evaluated', async (t) => {
  const collector = new MetricsCollector({
    maxMemory: 16 * 2 ** 20,
    flushInterval: 0,
    dashboard: { requests: 'a_total / on () b_total', figures: { a: { expression: 'sum(a_total)' } } },
  });
  t.teardown(() => collector.close());
  const a = collector.counter('a_total', { labelNames: ['x'] });
  const b = collector.counter('b_total', { labelNames: ['x'] });
  for (const x of ['1', '2']) {
    a.increment(1, { x });
    b.increment(1, { x });
  }
  const { application, business, system } = await collector.dashboard();
  t.equal(application.requestsPerSecond, null);
  t.match(application.error, /several series on the right side/);
  t.equal(business.a.value, 2);
  t.ok(system.memory.residentBytes > 0);
});
