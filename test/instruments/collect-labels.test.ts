import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { MetricsCollector } from 'ringmeter';
import { test } from 'tap';
import { collectorFor, samplesOf, until } from './support';

const of = (values: Readonly<Record<string, number>>) =>
  Object.entries(values).map(([host, value]) => ({ labels: { host }, value }));

function shown(samples: ReadonlyMap<string, number>, name: string): Record<string, number> {
  const own = [...samples].filter(([line]) => line.startsWith(`${name}{`));
  return Object.fromEntries(own.map(([line, value]) => [/host="(.*)"/.exec(line)![1], value]));
}

for (const flushWorkers of [0, 1])
  test(`exactly the label sets that a callback returns are shown (flushWorkers: ${flushWorkers})`, async (t) => {
    const collector = new MetricsCollector({ flushInterval: 0, flushWorkers });
    t.teardown(() => collector.close());
    let values: Record<string, number> | undefined = { a: 5, b: 7 };
    const options = { labelNames: ['host'] } as const;
    collector.gauge('pool', options).collect(() => values && of(values));
    collector.gauge('pool_later', options).collect(async () => values && of(values));
    collector.counter('opened_total', options).collect(() => values && of(values));
    const rounds: (Record<string, number> | undefined)[] = [
      { a: 5, b: 7 },
      { a: 6 },
      { a: 6, b: 9 },
      {},
      { b: 3 },
      undefined,
      { a: 1 },
    ];
    for (const round of rounds) {
      values = round;
      const samples = await samplesOf(collector);
      for (const name of ['pool', 'pool_later', 'opened_total'])
        t.same(shown(samples, name), round ?? {}, `${name} after ${JSON.stringify(round)}`);
    }
  });

test('the series without labels keeps its last value', async (t) => {
  const collector = collectorFor(t);
  let length: number | undefined = 3;
  collector.gauge('queue_length').collect(() => length);
  t.equal((await samplesOf(collector)).get('queue_length'), 3);
  length = undefined;
  t.equal((await samplesOf(collector)).get('queue_length'), 3);
});

test('while a callback fails, the label sets that it returned last stay', async (t) => {
  const collector = collectorFor(t);
  let answer: () => Iterable<{ labels: { host: string }; value: number }> = () => of({ a: 1, b: 2 });
  collector.gauge('fragile', { labelNames: ['host'] }).collect(() => answer());
  await samplesOf(collector);
  answer = () => {
    throw new Error('no pool');
  };
  t.same(shown(await samplesOf(collector), 'fragile'), { a: 1, b: 2 });
  answer = function* () {
    yield* of({ a: 4 });
    throw new Error('half a pool');
  };
  t.same(shown(await samplesOf(collector), 'fragile'), { a: 4, b: 2 });
  answer = () => of({ a: 5 });
  t.same(shown(await samplesOf(collector), 'fragile'), { a: 5 });
});

test('while a callback is late, the label sets that it returned last stay', async (t) => {
  const collector = collectorFor(t, { collectTimeout: 20 });
  let answer: () => Iterable<{ labels: { host: string }; value: number }> | Promise<never> = () => of({ a: 5 });
  collector.gauge('fragile', { labelNames: ['host'] }).collect(() => answer());
  // a scrape that comes before the first answer of a busy thread shows none of its label sets
  await until('the first answer is shown', async () => shown(await samplesOf(collector), 'fragile').a === 5);
  answer = () => new Promise(() => {});
  t.same(shown(await samplesOf(collector), 'fragile'), { a: 5 });
});

test('a label set that another callback still returns stays', async (t) => {
  const collector = collectorFor(t);
  const gauge = collector.gauge('shared', { labelNames: ['host'] });
  let first: Record<string, number> = { a: 1, b: 1 };
  gauge.collect(() => of(first));
  gauge.collect(() => of({ b: 2 }));
  t.same(shown(await samplesOf(collector), 'shared'), { a: 1, b: 2 });
  first = {};
  t.same(shown(await samplesOf(collector), 'shared'), { b: 2 });
});

test('totals of another thread stay when this one no longer returns their label set', async (t) => {
  const collector = new MetricsCollector({ flushInterval: 0 });
  t.teardown(() => collector.close());
  let values: Record<string, number> = { a: 1 };
  collector.counter('done_total', { labelNames: ['host'] }).collect(() => of(values));
  const thread = new Worker(
    `const { getMetricsCollector } = require('ringmeter');
    const { parentPort } = require('node:worker_threads');
    getMetricsCollector().counter('done_total', { labelNames: ['host'] }).collect(() => [{ labels: { host: 'a' }, value: 10 }]);
    setInterval(() => {}, 1_000);
    parentPort.postMessage('ready');`,
    { eval: true },
  );
  await once(thread, 'message');
  await until('both are counted', async () => shown(await samplesOf(collector), 'done_total').a === 11);
  values = {};
  t.same(shown(await samplesOf(collector), 'done_total'), { a: 11 });
  await thread.terminate();
  await until('nobody names it', async () => shown(await samplesOf(collector), 'done_total').a === undefined);
});

test('label sets that come and go take no memory permanently', async (t) => {
  const collector = collectorFor(t, { cardinalityLimit: 10 });
  let round = 0;
  const gauge = collector.gauge('job', { labelNames: ['host'] });
  gauge.collect(() => of({ [`job-${round}`]: round }));
  for (round = 1; round <= 50; round++)
    t.same(shown(await samplesOf(collector), 'job'), { [`job-${round}`]: round }, 'each has a series of its own');
});
