import { AlertmanagerNotifier } from 'ringmeter';
import { test } from 'tap';
import { needs } from '../engines/engine';
import { until } from '../instruments/support';
import { receive, status } from '../storage/receiver';
import { Alertmanager } from './alertmanager';
import { HIGH, serve, toldTo } from './service';

const options = needs('prometheus-alertmanager');
/** How long the serving thread is blocked. */
const BLOCKED_MS = Number(process.env.RINGMETER_BLOCKED_MS ?? 2_000);
const FAST = { resendInterval: 300, resolveOnClose: true, retry: { firstDelay: 20, longestDelay: 100 } };

test(
  'a real Alertmanager receives, groups and resolves, and an alert outlives its resolve time',
  options,
  async (t) => {
    const hook = await receive(t, status(200));
    const manager = await Alertmanager.start(t, hook.url);
    const { collector, load } = serve(t, {
      notifiers: [new AlertmanagerNotifier({ url: manager.base, ...FAST })],
      defaultLabels: { service: 'shop' },
    });
    const gauge = collector.gauge('load');
    load(7);
    gauge.set(8, { job: 'web', instance: '1' });
    gauge.set(9, { job: 'web', instance: '2' });
    await until('it has all', async () => (await manager.alerts()).length === 3);
    t.same(await manager.groups(), { api: 1, web: 2 });
    const api = async () => (await manager.alerts()).find(({ labels }) => labels.job === 'api')!;
    const first = await api();
    t.match(first, {
      labels: { alertname: 'High', severity: 'page', service: 'shop', job: 'api' },
      annotations: { summary: 'api at 7' },
    });
    await until('it was sent again', async () => (await api()).endsAt > first.endsAt);
    t.ok(Date.parse(first.endsAt) > Date.parse(first.updatedAt), 'before it would have ended by itself');
    t.equal((await api()).startsAt, first.startsAt);
    load(1);
    await until('it is resolved', async () => (await manager.alerts()).length === 2);
    await until('the end is told on', () => toldTo(hook.requests).includes('resolved api'));
    await manager.stop();
    gauge.set(1, { job: 'web', instance: '1' });
    await new Promise((resolve) => setTimeout(resolve, 400));
    await manager.run();
    await until('what it missed is made up for', async () => (await manager.alerts()).length === 1);
    await collector.close();
    t.same(await manager.alerts(), [], 'whoever closes resolves');
  },
);

test('an alert fires and is delivered while the serving thread is blocked', options, async (t) => {
  const hook = await receive(t, status(200));
  const manager = await Alertmanager.start(t, hook.url);
  const { collector, load, changes } = serve(t, {
    rules: [{ ...HIGH, rules: [{ alert: 'High', expr: 'load > 5', for: 500 }] }],
    notifiers: [new AlertmanagerNotifier({ url: manager.base, ...FAST })],
  });
  load(1);
  await until('rules are evaluated', async () =>
    /evaluations_total\S+ [1-9]/.test(String(Buffer.from((await collector.exposition()).body))),
  );
  load(7);
  // what was recorded is published by the time this turn is over
  await new Promise((resolve) => setTimeout(resolve, 20));
  const end = Date.now() + BLOCKED_MS;
  while (Date.now() < end);
  const unblocked = Date.now();
  const [alert] = await manager.alerts();
  t.ok(Date.parse(alert.startsAt) < unblocked, 'it fired');
  t.ok(Date.parse(alert.updatedAt) < unblocked, 'and was received');
  await until('the callback hears of it', () => changes.length === 2);
  t.same(
    changes.map(({ state }) => state),
    ['pending', 'firing'],
  );
});
