import { WebhookNotifier } from 'ringmeter';
import t from 'tap';
import { watchWorkers } from '../helpers/flush-workers';
import { until } from '../instruments/support';
import { receive, status } from '../storages/receiver';
import { HIGH, serve, toldTo, warnings } from './service';

t.test('a callback that throws is warned about, and loses neither changes nor other callbacks', async (t) => {
  const said = warnings(t);
  const { collector, load, told } = serve(t, {});
  let called = 0;
  const stop = collector.onAlert(() => {
    called++;
    throw new Error('on purpose');
  });
  collector.onAlert(async () => {
    throw new Error('later');
  });
  load(7);
  await until('it fires', () => told().length === 1);
  load(1);
  await until('it is resolved', () => told().length === 2);
  t.same(told(), ['firing api', 'resolved api']);
  t.equal(called, 2);
  await until('it is warned', () => said.length >= 4);
  t.match(said[0], /^RINGMETER_RULE_FAILED a callback of onAlert failed: (on purpose|later)$/);
  stop();
  load(7);
  await until('it fires again', () => told().length === 3);
  t.equal(called, 2, 'who has left is called no more');
});

t.test('alerts are evaluated without flush workers, too, and fire again after they were resolved', async (t) => {
  const hook = await receive(t, status(200));
  const { collector, load, told } = serve(t, { flushWorkers: 0, notifiers: [new WebhookNotifier({ url: hook.url })] });
  load(7);
  await until('it fires', () => told().length === 1);
  t.match(collector.alerts(), [{ name: 'High', group: 'loads', state: 'firing', value: 7, labels: { job: 'api' } }]);
  load(1);
  await until('it is resolved', () => told().length === 2);
  t.same(collector.alerts(), []);
  load(9);
  await until('it fires again', () => toldTo(hook.requests).length === 3);
  await collector.close();
  t.same(
    toldTo(hook.requests),
    ['firing api', 'resolved api', 'firing api', 'resolved api'],
    'and ends with the collector',
  );
});

for (const flushWorkers of [1, 2])
  t.test(`the time that \`for\` asks for goes on while ${flushWorkers} flush workers are killed`, async (t) => {
    const workers = watchWorkers(t);
    const hook = await receive(t, status(200));
    const [rule] = HIGH.rules;
    const holdFor = 1_500;
    const { collector, load, told, changes } = serve(t, {
      flushWorkers,
      rules: [{ ...HIGH, rules: [{ ...rule, for: holdFor } as typeof rule] }],
      notifiers: [new WebhookNotifier({ url: hook.url })],
    });
    load(7);
    await until('it is pending', () => told().length === 1);
    for (let death = 0; death < 3; death++) {
      await until('a worker runs', () => workers.length === flushWorkers);
      await Promise.all([...workers].map((worker) => worker.terminate()));
    }
    t.equal(collector.alerts()[0].activeAt, changes[0].activeAt, 'what was known is still known');
    await until('it fires', () => told().length === 2);
    t.same(told(), ['pending api', 'firing api']);
    const [pending, firing] = changes;
    t.equal(firing.activeAt, pending.activeAt);
    const held = firing.firedAt! - firing.activeAt;
    t.ok(held >= holdFor, `it was held for ${held} ms`);
    await until('it is told', () => hook.requests.length > 0);
    await until('workers run', () => workers.length === flushWorkers);
    await Promise.all([...workers].map((worker) => worker.terminate()));
    load(1);
    await until('it is resolved', () => toldTo(hook.requests).includes('resolved api'));
    t.same(told(), ['pending api', 'firing api', 'resolved api']);
  });

t.test('the API of the endpoint shows rules and alerts, and queries see what was recorded', async (t) => {
  const { collector, load, told } = serve(t, {
    rules: [HIGH, { name: 'records', interval: 100, rules: [{ record: 'load:sum', expr: 'sum(load)' }] }],
  });
  load(7);
  await until('it fires', () => told().length === 1);
  const { port } = await collector.listen({ port: 0 });
  const ask = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`);
    return ((await answer.json()) as { data: Record<string, unknown[]> }).data;
  };
  const { groups } = await ask('rules');
  t.match(groups[0], { name: 'loads', interval: 0.1, rules: [{ name: 'High', state: 'firing', health: 'ok' }] });
  t.match((await ask('alerts')).alerts, [{ state: 'firing', labels: { alertname: 'High', job: 'api' } }]);
  await until('it is recorded', async () => (await ask('query?query=load:sum')).result.length === 1);
  t.match(await collector.query('load:sum + count(ALERTS)'), { type: 'vector', samples: [{ value: 8 }] });
});
