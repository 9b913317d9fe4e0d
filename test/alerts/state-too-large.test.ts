import { MemoryStorage, WebhookNotifier } from 'ringmeter';
import { test } from 'tap';
import { collectorFor, until } from '../instruments/support';
import { receive, status } from '../storages/receiver';

test('a group whose state does not fit sends nothing and warns once, and sends once when the state fits again', async (t) => {
  const { url, requests } = await receive(t, status(200));
  const warnings: string[] = [];
  const note = ({ message }: Error): unknown => warnings.push(message);
  process.on('warning', note);
  t.teardown(() => process.off('warning', note));
  const collector = collectorFor(t, {
    flushInterval: 50,
    storage: new MemoryStorage(),
    notifiers: [new WebhookNotifier({ url })],
    rules: [
      // 60 alerts of 100 kB
      {
        name: 'large',
        interval: 50,
        rules: [{ alert: 'Loaded', expr: 'load > 0', annotations: { text: 'x'.repeat(100_000) } }],
      },
      { name: 'small', interval: 50, rules: [{ record: 'evaluated', expr: 'vector(1)' }] },
    ],
  });
  const told: string[] = [];
  collector.onAlert(({ name, state }) => told.push(`${name} ${state}`));
  const evaluations = async (): Promise<number> => {
    const answer = await collector.query('count_over_time(evaluated[5m])');
    return answer.type === 'vector' ? (answer.samples[0]?.value ?? 0) : 0;
  };
  const afterSomeMore = async (): Promise<void> => {
    const wanted = (await evaluations()) + 10;
    await until('more evaluations', async () => (await evaluations()) >= wanted);
  };
  const load = collector.gauge('load', { labelNames: ['i'] });
  for (let i = 0; i < 60; i++) load.set(1, { i });
  await until('the warning', () => warnings.length > 0);
  await afterSomeMore();
  t.equal(warnings.length, 1);
  t.match(warnings[0], /group large: a document of \d+ bytes does not fit into its \d+ bytes/);
  t.same([requests.length, told], [0, []]);
  for (let i = 1; i < 60; i++) load.remove({ i });
  await until('it to be told', () => requests.length > 0 && told.length > 0);
  await afterSomeMore();
  t.equal(requests.length, 1);
  t.same(told, ['Loaded firing']);
  t.equal(JSON.parse(requests[0].body.toString()).alerts.length, 1);
});
