import { type CollectorOptions, PrometheusStorage, type PushgatewayOptions } from 'ringmeter';
import { type Test, test } from 'tap';
import { canonical } from '../helpers/canonical';
import { collectorFor, parseExposition, samplesOf } from '../instruments/support';
import { openStorage } from '../storages/support';
import { needs } from './engine';
import { everyInstrument } from './every-instrument';
import { Pushgateway } from './servers';

const options = needs('prometheus-pushgateway');

async function pusher(
  t: Test,
  gateway: Pushgateway,
  more: Partial<PushgatewayOptions> = {},
  common: CollectorOptions = {},
) {
  const collector = collectorFor(t, common);
  const storage = new PrometheusStorage({ pushgateway: { url: gateway.base, job: 'tests', ...more } });
  return { collector, ...(await openStorage(t, collector, storage)) };
}

/** Samples that were pushed to a group, without its labels. */
async function pushed(gateway: Pushgateway, group: RegExp): Promise<Map<string, number>> {
  const lines = [...parseExposition(await gateway.metrics())].filter(
    ([line]) => group.test(line) && !/^push_(failure_)?time_seconds/.test(line),
  );
  return new Map(lines.map(([line, value]) => [canonical(line, ['job', 'instance']), value]));
}

test(
  'metrics of every instrument that are pushed to a Pushgateway are scraped from it unchanged',
  options,
  async (t) => {
    const gateway = await Pushgateway.start(t);
    const { collector, store } = await pusher(t, gateway, {}, { defaultLabels: { service: 'a "b"' } });
    everyInstrument(collector);
    await store();
    const samples = await pushed(gateway, /job="tests"/);
    const expected = await samplesOf(collector);
    t.equal(samples.size, expected.size);
    for (const [line, value] of expected) t.same(samples.get(canonical(line)), value, line);
    collector.counter('requests_total').increment(4, { route: '/', Status: 200 });
    await store();
    t.equal(
      (await pushed(gateway, /job="tests"/)).get('requests_total{Status="200",route="/",service="a \\"b\\""}'),
      7,
    );
    t.match(await gateway.metrics(), /# HELP requests_total Requests\n# TYPE requests_total counter/);
  },
);

test('PUT replaces a group, POST only the metrics of the same names', options, async (t) => {
  const gateway = await Pushgateway.start(t);
  for (const method of ['PUT', 'POST'] as const) {
    const [before, after] = [
      await pusher(t, gateway, { job: method, method }),
      await pusher(t, gateway, { job: method, method }),
    ];
    before.collector.counter('stays').increment(1, { a: 1 });
    before.collector.counter('goes').increment(1, { a: 1 });
    await before.store();
    after.collector.counter('stays').increment(2, { a: 2 });
    await after.store();
    const names = [...(await pushed(gateway, new RegExp(`job="${method}"`))).keys()].sort();
    t.same(names, method === 'PUT' ? ['stays{a="2"}'] : ['goes{a="1"}', 'stays{a="2"}']);
  }
});

test('groups with any values are told apart and found again', options, async (t) => {
  const gateway = await Pushgateway.start(t);
  const values = [
    'a/b',
    '/',
    ' two words ',
    'Grüße 你好 🚀',
    '..',
    '.',
    '%2F',
    'a?b#c',
    '"\\\n',
    'a+b=',
    '0',
    'x'.repeat(1_000),
  ];
  for (const [index, value] of values.entries()) {
    const { collector, store } = await pusher(t, gateway, { job: value, grouping: { path: value, shard: index } });
    collector.counter('c').increment(index + 1);
    await store();
  }
  const groups = await gateway.groups();
  t.equal(groups.length, values.length);
  for (const [index, value] of values.entries())
    t.ok(
      groups.some(({ job, path, shard }) => job === value && path === value && shard === String(index)),
      JSON.stringify(value).slice(0, 40),
    );
});

test('an empty value is a group without the label', options, async (t) => {
  const gateway = await Pushgateway.start(t);
  const { collector, store } = await pusher(t, gateway, { grouping: { empty: '', full: 'x' } });
  collector.counter('c').increment();
  await store();
  const [{ empty = '', ...others }, ...rest] = await gateway.groups();
  t.same([empty, others, rest], ['', { job: 'tests', full: 'x' }, []]);
});

test('closing deletes the group with deleteOnClose, and no other group', options, async (t) => {
  const gateway = await Pushgateway.start(t);
  const grouping = { path: 'a/b c' };
  const [goes, stays] = [
    await pusher(t, gateway, { grouping, deleteOnClose: true }),
    await pusher(t, gateway, { job: 'other', grouping }),
  ];
  for (const { collector, store } of [goes, stays]) {
    collector.counter('c').increment();
    await store();
  }
  t.equal((await gateway.groups()).length, 2);
  await goes.close();
  // a gateway deletes later than it answers; what is pushed is done when it answers, and both in one queue
  await stays.store();
  await stays.close();
  t.same(await gateway.groups(), [{ job: 'other', ...grouping }]);
});

test('a gateway that is down at first gets the same snapshot when it is up', options, async (t) => {
  const gateway = await Pushgateway.start(t);
  const { collector, backend, snapshot } = await pusher(t, gateway);
  const counter = collector.counter('c', { labelNames: [] });
  counter.increment(1);
  const taken = await snapshot();
  await gateway.stop();
  const attempt = () => ({ signal: AbortSignal.timeout(5_000) });
  await t.rejects(backend.store(taken, attempt()) as Promise<void>, { message: /ECONNREFUSED/, retryable: true });
  await gateway.run();
  counter.increment(1);
  await backend.store(taken, attempt());
  t.equal((await pushed(gateway, /job="tests"/)).get('c{}'), 1);
  await backend.store(await snapshot(), attempt());
  t.equal((await pushed(gateway, /job="tests"/)).get('c{}'), 2);
});

test(
  'a push that contradicts another group is refused permanently, with the message of the gateway',
  options,
  async (t) => {
    const gateway = await Pushgateway.start(t);
    const [first, second] = [await pusher(t, gateway, { job: 'first' }), await pusher(t, gateway, { job: 'second' })];
    first.collector.counter('same_name').increment();
    await first.store();
    second.collector.gauge('same_name').set(1);
    await t.rejects(second.store(), { message: /answered with 400: .*same_name/, retryable: false });
  },
);
