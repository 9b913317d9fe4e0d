import { Worker } from 'node:worker_threads';
import { AlertmanagerNotifier } from 'ringmeter';
import { test } from 'tap';
import { needs } from '../engines/engine';
import { until } from '../instruments/support';
import { receive, status } from '../storages/receiver';
import { Alertmanager } from './alertmanager';
import { HIGH, serve, toldTo } from './service';

const options = needs('prometheus-alertmanager');
/** What was sent expires after four times as long: a busy machine must have sent it again by then. */
const FAST = { resendInterval: 1_000, resolveOnClose: true, retry: { firstDelay: 20, longestDelay: 100 } };

/** A thread that sees an alert arrive while the one that started it is blocked. */
const UNTIL_RECEIVED = `
  const { received, url } = require('node:worker_threads').workerData;
  const look = async () => {
    if ((await (await fetch(url)).json()).length === 0) return setTimeout(look, 20);
    Atomics.store(received, 0, 1);
    Atomics.notify(received, 0);
  };
  look();`;

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
  const received = new Int32Array(new SharedArrayBuffer(4));
  const beside = new Worker(UNTIL_RECEIVED, {
    eval: true,
    workerData: { received, url: `${manager.base}/api/v2/alerts` },
  });
  t.teardown(() => beside.terminate());
  t.not(Atomics.wait(received, 0, 0, 60_000), 'timed-out', 'it fired and was received');
  t.same(changes, [], 'and this thread did not turn its event loop');
  await until('the callback hears of it', () => changes.length === 2);
  t.same(
    changes.map(({ state }) => state),
    ['pending', 'firing'],
  );
});
