import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv';
import { type CollectorOptions, type DashboardDocument, FileStorage, MetricsCollector } from 'ringmeter';
import { type Test, test } from 'tap';

const validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(
  JSON.parse(readFileSync(join(__dirname, '../../schemas/dashboard.schema.json'), 'utf8')),
);

function making(t: Test, options?: CollectorOptions): MetricsCollector {
  const collector = new MetricsCollector({ maxMemory: 32 * 2 ** 20, flushInterval: 0, ...options });
  t.teardown(() => collector.close());
  return collector;
}

/** A document, which has the shape that is published. */
async function document(t: Test, collector: MetricsCollector): Promise<DashboardDocument> {
  const made = await collector.dashboard();
  t.ok(validate(made), JSON.stringify(validate.errors));
  return made;
}

test('a document has the figures of the process', async (t) => {
  const collector = making(t);
  collector.counter('anything_total').increment();
  const { system, time, application, alerts, storages } = await document(t, collector);
  t.ok(Math.abs(Date.now() - time) < 5_000);
  t.ok(Math.abs(system.uptimeSeconds - process.uptime()) < 5, 'of the process, not of the worker');
  t.ok(system.memory.residentBytes > 10 * 2 ** 20);
  t.ok(system.cpu.userSeconds > 0);
  t.equal(system.pid, process.pid);
  t.same(
    system.threads.map(({ name }) => name),
    ['main'],
  );
  t.same(application.sources, { requests: null, errors: null, latency: null });
  t.equal(application.requestsPerSecond, null);
  t.same(alerts, { firing: 0, pending: 0, active: [] });
  t.match(storages, [{ name: 'memory', state: 'idle', lastSuccess: null }]);
});

test('rates, errors and quantiles are those of the recorded requests', async (t) => {
  const collector = making(t);
  const requests = collector.counter('http_requests_total', { labelNames: ['status'] });
  const latency = collector.histogram('http_request_duration_seconds', { buckets: [0.1, 0.2, 0.4] });
  requests.increment(1, { status: '200' });
  requests.increment(1, { status: '503' });
  latency.observe(0.05);
  await collector.flush();
  requests.increment(300, { status: '200' });
  requests.increment(100, { status: '503' });
  for (let index = 0; index < 100; index++) latency.observe(index < 90 ? 0.15 : 0.3);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const { application } = await document(t, collector);
  const { requestsPerSecond, errorsPerSecond, errorRate, windowSeconds } = application;
  const growth = requestsPerSecond! * windowSeconds;
  t.ok(Math.abs(growth - 402) < 1e-6, `${growth} requests in the window, the first ones included`);
  t.ok(Math.abs(errorsPerSecond! / requestsPerSecond! - 0.25) < 0.01);
  t.ok(Math.abs(errorRate! - 0.25) < 0.01);
  const { p50, p95, p99 } = application.latency;
  const expected = [0.1 + 0.1 * (50 / 90), 0.3, 0.38];
  [p50, p95, p99].forEach((value, index) => {
    t.ok(Math.abs(value! / expected[index] - 1) < 0.01, `${value} of ${expected[index]}, interpolated`);
  });
});

test('figures with $today count from 0 to the last event', async (t) => {
  const collector = making(t, {
    dashboard: {
      title: 'Shop',
      timeZone: 'Asia/Tokyo',
      figures: {
        orders: { expression: 'sum(increase(orders_total[$today]))', description: 'All shops' },
        revenue: { expression: 'sum(increase(revenue_total[$today]))', unit: '€' },
        users: { expression: 'sum(active_users)' },
        later: { expression: 'sum(never_seen)' },
        several: { expression: 'orders_total' },
        number: { expression: '6 * 7' },
      },
    },
  });
  const orders = collector.counter('orders_total', { labelNames: ['shop'] });
  orders.increment(5, { shop: 'north' });
  collector.gauge('active_users').set(12);
  await collector.flush();
  orders.increment(2, { shop: 'north' });
  await collector.flush();
  orders.increment(4, { shop: 'south' });
  collector.counter('revenue_total').increment(19.9);
  const { business, title, timeZone } = await document(t, collector);
  t.equal(title, 'Shop');
  t.equal(timeZone, 'Asia/Tokyo');
  t.match(business.orders, { value: 11, unit: '', description: 'All shops', error: null });
  t.ok(Math.abs(business.orders.since! - Date.now()) < 60_000, 'as long as the collector is there');
  t.match(business.revenue, { value: 19.9, unit: '€' });
  t.match(business.users, { value: 12, since: null });
  t.match(business.later, { value: null, error: null });
  t.match(business.several, { value: null, error: /got 2 series: aggregate it/ });
  t.match(business.number, { value: 42 });
  t.same(
    Object.keys(business),
    ['orders', 'revenue', 'users', 'later', 'several', 'number'],
    'in the order they are given',
  );
});

test('a document shows storages and the largest metrics', async (t) => {
  const collector = making(t, { cardinalityLimit: 50 });
  collector.gauge('temperature').set(50);
  const many = collector.counter('many_total', { labelNames: ['id'] });
  for (let id = 0; id < 20; id++) many.increment(1, { id: String(id) });
  await collector.flush();
  const { storages, cardinality } = await document(t, collector);
  t.match(storages, [{ name: 'memory', state: 'ok', stored: 1 }]);
  t.match(cardinality, { series: 21, top: [{ name: 'many_total', type: 'counter', series: 20, limit: 50 }] });
});

test('a document shows the alerts of the rules', async (t) => {
  const collector = making(t, {
    rules: [
      {
        name: 'all',
        interval: '50ms',
        rules: [
          { alert: 'Hot', expr: 'temperature > 40', labels: { severity: 'page' }, annotations: { summary: 'Too hot' } },
          { alert: 'Warm', expr: 'temperature > 30', for: '1h' },
        ],
      },
    ],
  });
  collector.gauge('temperature').set(50);
  await collector.flush();
  const end = Date.now() + 10_000;
  let made = await document(t, collector);
  while ((made.alerts.firing === 0 || made.alerts.pending === 0) && Date.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    made = await document(t, collector);
  }
  t.match(made.alerts, {
    firing: 1,
    pending: 1,
    active: [
      { name: 'Hot', state: 'firing', labels: { severity: 'page' }, annotations: { summary: 'Too hot' }, value: 50 },
      { name: 'Warm', state: 'pending' },
    ],
  });
});

test('a storage that cannot store is shown as failing, with its error', async (t) => {
  const collector = making(t, {
    storage: new FileStorage({ name: 'elsewhere', directory: join(__filename, 'is-no-folder') }),
  });
  collector.counter('x_total').increment();
  await collector.collectAndStore();
  const { storages } = await document(t, collector);
  t.match(storages, [{ name: 'elsewhere', state: 'failing', stored: 0, lastSuccess: null }]);
  t.type(storages[0].lastError, 'string');
});

test('a document is available without any storage and without workers', async (t) => {
  const collector = making(t, {
    storage: [],
    flushWorkers: 0,
    dashboard: { figures: { a: { expression: 'sum(a_total)' } } },
  });
  collector.counter('a_total').increment(3);
  const { business, storages } = await document(t, collector);
  t.match(business.a, { value: 3 });
  t.same(storages, []);
});

test('a collector that is closed has no document', async (t) => {
  const collector = new MetricsCollector({ maxMemory: 16 * 2 ** 20 });
  await collector.close();
  await t.rejects(collector.dashboard(), { code: 'RINGMETER_CLOSED' });
});
