import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { type CollectorOptions, MetricsCollector, readMetricsDirectory } from 'ringmeter';
import { type Test, test } from 'tap';
import { collectorFor, samplesOf } from './support';

const AGE = (metric: string): string => `ringmeter_collect_last_success_timestamp_seconds{metric="${metric}"}`;
const FAILURES = (metric: string): string => `ringmeter_collect_failures_total{metric="${metric}"}`;

/** Waits for the callbacks as long as that takes on a busy machine, unless a test says otherwise. */
function withWorker(t: Test, options?: CollectorOptions): MetricsCollector {
  const collector = new MetricsCollector({ flushInterval: 0, collectTimeout: 60_000, ...options });
  t.teardown(() => collector.close());
  return collector;
}

/** Keeps this thread from turning its event loop. */
function block(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

for (const flushWorkers of [0, 1]) {
  test(`collect-time callbacks are called for each snapshot (flushWorkers: ${flushWorkers})`, async (t) => {
    const collector = withWorker(t, { flushWorkers });
    const queue: string[] = ['a', 'b'];
    const bytes = { read: 100, written: 7 };
    collector.gauge('queue_length').collect(() => queue.length);
    collector.gauge('pool_connections', { labelNames: ['state'] }).collect(async () => {
      await sleep(5);
      return [
        { labels: { state: 'idle' }, value: 3 },
        { labels: { state: 'busy' }, value: 1 },
      ];
    });
    collector
      .counter('io_bytes_total', { labelNames: ['way'] })
      .collect(() => Object.entries(bytes).map(([way, value]) => ({ labels: { way }, value })));
    collector.gauge('bound', { labels: { a: 'b' } }).collect(async () => queue.length * 10);
    collector.counter('bound_total', { labels: { a: 'b' } }).collect(() => bytes.read);

    const first = await samplesOf(collector);
    t.equal(first.get('queue_length'), 2);
    t.equal(first.get('pool_connections{state="idle"}'), 3);
    t.equal(first.get('pool_connections{state="busy"}'), 1);
    t.equal(first.get('io_bytes_total{way="read"}'), 100);
    t.equal(first.get('bound{a="b"}'), 20);
    t.equal(first.get('bound_total{a="b"}'), 100);
    t.ok(Math.abs(first.get(AGE('queue_length'))! - Date.now() / 1000) < 5, 'it is said of when they are');

    queue.pop();
    bytes.read = 150;
    const second = await samplesOf(collector);
    t.equal(second.get('queue_length'), 1);
    t.equal(second.get('io_bytes_total{way="read"}'), 150);
    t.equal(second.get('io_bytes_total{way="written"}'), 7);

    bytes.read = 20;
    const third = await samplesOf(collector);
    t.equal(third.get('io_bytes_total{way="read"}'), 170, 'a total that is smaller has begun again');
    t.equal(third.get('bound_total{a="b"}'), 170);
  });
}

test('totals of label sets beyond the limit are tracked separately, though they share a series', async (t) => {
  const collector = collectorFor(t);
  const totals = { a: 1, b: 100, c: 5 };
  collector
    .counter('limited_total', { labelNames: ['which'], cardinalityLimit: 1 })
    .collect(() => Object.entries(totals).map(([which, value]) => ({ labels: { which }, value })));
  await samplesOf(collector);
  totals.b += 10;
  totals.c += 2;
  const samples = await samplesOf(collector);
  t.equal(samples.get('limited_total{which="a"}'), 1);
  t.equal(samples.get('limited_total{ringmeter_overflow="true"}'), 117);
});

test('a callback may set the values itself', async (t) => {
  const collector = collectorFor(t);
  const gauge = collector.gauge('self_set');
  gauge.collect(() => {
    gauge.set(4, { by: 'itself' });
  });
  t.equal((await samplesOf(collector)).get('self_set{by="itself"}'), 4);
});

test('a stopped callback is not called again, and its last value stays', async (t) => {
  const collector = collectorFor(t);
  let calls = 0;
  const stop = collector.gauge('calls').collect(() => ++calls);
  t.equal((await samplesOf(collector)).get('calls'), 1);
  stop();
  t.equal((await samplesOf(collector)).get('calls'), 1);
  t.equal(calls, 1);
  collector.gauge('calls').collect(() => 50);
  t.equal((await samplesOf(collector)).get('calls'), 50, 'and another one may take its place');
});

for (const [how, fail] of [
  [
    'throws',
    () => {
      throw new Error('no such pool');
    },
  ],
  [
    'rejects',
    async () => {
      throw new Error('no such pool');
    },
  ],
  ['gives no values', () => 'seven' as never],
  ['gives null', () => null as never],
] as const)
  test(`a callback that ${how} keeps the last value, is counted and warned about`, async (t) => {
    const collector = withWorker(t);
    let broken = false;
    collector.gauge('fragile').collect(() => (broken ? fail() : 5));
    collector.gauge('sound').collect(() => (broken ? 2 : 1));
    const before = await samplesOf(collector);
    broken = true;
    const after = await samplesOf(collector);
    t.equal(after.get('fragile'), 5);
    t.equal(after.get('sound'), 2, 'others are asked all the same');
    t.equal(after.get(AGE('fragile')), before.get(AGE('fragile')));
    t.equal(after.get(FAILURES('fragile')), 1);
  });

test('a value that is no finite number is refused like any other', async (t) => {
  const collector = collectorFor(t);
  collector.gauge('odd').collect(() => Number.NaN);
  collector.counter('odd_total').collect(() => -1);
  const samples = await samplesOf(collector);
  t.equal(samples.get('odd'), 0);
  t.equal(samples.get('odd_total'), 0);
  t.equal(collector.stats().invalid, 2);
});

test('invalid values count as a failure, and valid ones beside them are recorded', async (t) => {
  const collector = collectorFor(t);
  const values: unknown[] = [Number.NaN, Number.POSITIVE_INFINITY, [['a', 1]], [{ labels: {}, value: '7' }]];
  values.forEach((value, index) => {
    collector.gauge(`odd${index}`).collect(() => value as number);
  });
  collector.gauge('mixed').collect(() => [
    { labels: { a: '1' }, value: Number.NaN },
    { labels: { a: '2' }, value: 5 },
  ]);
  const samples = await samplesOf(collector);
  t.equal(samples.get('mixed{a="2"}'), 5);
  for (const name of [...values.keys()].map((index) => `odd${index}`).concat('mixed')) {
    t.equal(samples.get(FAILURES(name)), 1, name);
    t.equal(samples.get(AGE(name)), undefined, name);
  }
});

test('a callback that is registered after close() is not retained', async (t) => {
  const collector = collectorFor(t);
  await collector.close();
  let calls = 0;
  const stop = collector.gauge('too_late').collect(() => ++calls);
  stop();
  t.equal(calls, 0);
});

test('a callback that never answers delays one snapshot, by no more than the deadline, and is not called again', async (t) => {
  const collector = withWorker(t, { collectTimeout: 300 });
  let calls = 0;
  collector.gauge('never').collect(() => {
    calls++;
    return new Promise<number>(() => {});
  });
  collector.gauge('at_once').collect(() => calls);
  const began = performance.now();
  const first = await samplesOf(collector);
  const took = performance.now() - began;
  t.ok(took >= 250, `waited ${took} ms`);
  t.equal(first.get('at_once'), 1);
  await samplesOf(collector);
  await samplesOf(collector);
  t.equal(calls, 1);
});

test('a late result of a callback is recorded when it arrives', async (t) => {
  const collector = withWorker(t, { collectTimeout: 20 });
  let answer = (_: number): void => {};
  collector.gauge('late').collect(() => new Promise<number>((resolve) => (answer = resolve)));
  t.equal((await samplesOf(collector)).get('late'), 0);
  answer(8);
  await sleep(1);
  t.equal((await samplesOf(collector)).get('late'), 8);
});

test('while the thread of the callbacks is blocked, scrapes show the last values, and only the first one waits', async (t) => {
  const collector = withWorker(t, { collectTimeout: 400 });
  let value = 1;
  collector.gauge('of_the_blocked').collect(() => value++);
  const { url } = await collector.listen({ port: 0 });
  const scraper = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads');
    parentPort.once('message', async () => {
      const scrapes = [];
      for (let count = 0; count < 5; count++) {
        const began = performance.now();
        const text = await (await fetch(workerData)).text();
        scrapes.push({ took: performance.now() - began, value: /^of_the_blocked (.*)$/m.exec(text)?.[1] });
      }
      parentPort.postMessage(scrapes);
    });
    fetch(workerData).then((response) => response.text()).then(() => parentPort.postMessage('ready'));`,
    { eval: true, workerData: url },
  );
  t.teardown(() => scraper.terminate());
  await once(scraper, 'message');
  scraper.postMessage('go');
  block(2_500);
  const [scrapes] = (await once(scraper, 'message')) as [{ took: number; value: string }[]];
  t.same(
    scrapes.map(({ value }) => value),
    ['1', '1', '1', '1', '1'],
  );
  t.equal(
    scrapes.filter(({ took }) => took >= 350).length,
    1,
    `took ${scrapes.map(({ took }) => Math.round(took))} ms`,
  );
  while (value === 2) await sleep(5);
  t.equal((await samplesOf(collector)).get('of_the_blocked'), 3, 'afterwards it is asked again');
});

test('each thread calls its own callbacks, and a thread that has ended is not waited for', async (t) => {
  const collector = withWorker(t, { collectTimeout: 10_000 });
  collector.counter('work_total').collect(() => 1);
  const code = `
    const { getMetricsCollector } = require('ringmeter');
    const { parentPort, threadId } = require('node:worker_threads');
    getMetricsCollector().counter('work_total').collect(() => 10);
    getMetricsCollector().gauge('in_thread').collect(() => 3);
    parentPort.once('message', () => process.exit());
    parentPort.postMessage('ready');`;
  const threads = [0, 1].map(() => new Worker(code, { eval: true }));
  await Promise.all(threads.map((thread) => once(thread, 'message')));
  const samples = await samplesOf(collector);
  t.equal(samples.get('work_total'), 21);
  t.equal(samples.get('in_thread'), 3);
  const ends = threads.map((thread) => once(thread, 'exit'));
  threads[0].postMessage('end');
  void threads[1].terminate();
  await Promise.all(ends);
  const began = performance.now();
  t.equal((await samplesOf(collector)).get('work_total'), 21);
  t.ok(performance.now() - began < 9_000);
});

test('the last flush of a process has the values that callbacks return at its end', async (t) => {
  const directory = t.testdir();
  const code = `
    const { FileStorage, MetricsCollector } = require('ringmeter');
    const storage = new FileStorage({ directory: ${JSON.stringify(directory)} });
    const collector = new MetricsCollector({ storage, flushInterval: 0 });
    let value = 1;
    collector.gauge('at_the_end').collect(() => value);
    collector.flush().then(() => { value = 2; process.exit(0); });`;
  await once(spawn(process.execPath, ['-e', code], { cwd: __dirname, stdio: 'inherit' }), 'exit');
  const values: number[] = [];
  for await (const { metrics } of readMetricsDirectory(directory))
    values.push(metrics.find(({ name }) => name === 'at_the_end')?.value as number);
  t.same(values, [1, 2]);
});

test('flushes store the values of the callbacks', async (t) => {
  const collector = withWorker(t);
  let value = 1;
  collector.gauge('stored').collect(() => value);
  await collector.flush();
  value = 2;
  await collector.flush();
  const [{ points }] = await collector.storage.query({ name: 'stored' });
  t.same(
    points.map((point) => point.value),
    [1, 2],
  );
});
