import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { type CollectorOptions, MetricsCollector } from 'ringmeter';
import { type Test, test } from 'tap';
import { isConserved } from './reference';

/** Runs code in a worker thread with `collector` already there; it ends by itself. */
function inThread(code: string, workerData?: object): Worker {
  const preamble = `
    const { getMetricsCollector, attachCollector } = require('ringmeter');
    const { parentPort, workerData, Worker } = require('node:worker_threads');
    const collector = workerData?.handle ? attachCollector(workerData.handle) : getMetricsCollector();
  `;
  return new Worker(preamble + code, { eval: true, execArgv: ['--no-warnings'], workerData });
}

async function untilExit(worker: Worker): Promise<number> {
  const [code] = await once(worker, 'exit');
  return code as number;
}

function makeCollector(t: Test, options?: CollectorOptions): MetricsCollector {
  const collector = new MetricsCollector(options);
  t.teardown(() => collector.close());
  return collector;
}

for (const flushWorkers of [0, 1]) {
  test(`worker threads join automatically and values add up (flushWorkers: ${flushWorkers})`, async (t) => {
    const collector = makeCollector(t, { flushWorkers });
    const jobs = collector.counter('jobs_total', { labelNames: ['queue'] });
    jobs.increment(1, { queue: 'a' });
    const code = `collector.counter('jobs_total').increment(10, { queue: 'a' }); collector.gauge('last').set(7);`;
    t.same(await Promise.all([untilExit(inThread(code)), untilExit(inThread(code))]), [0, 0]);
    const metrics = await collector.getAllMetrics();
    t.equal(metrics.find(({ name }) => name === 'jobs_total')?.value, 21);
    t.equal(metrics.find(({ name }) => name === 'last')?.value, 7);
    t.equal(jobs.getValue({ queue: 'a' }), 21);
  });
}

test('a thread that a worker thread starts joins, too', async (t) => {
  const collector = makeCollector(t);
  const inner = `require('ringmeter').getMetricsCollector().counter('deep_total').increment(3);`;
  await untilExit(inThread(`new Worker(${JSON.stringify(inner)}, { eval: true });`));
  t.equal(collector.counter('deep_total').getValue(), 3);
});

test('a collector that is not the default is joined by its handle', async (t) => {
  makeCollector(t);
  const second = makeCollector(t);
  const { handle } = second;
  await untilExit(inThread(`collector.counter('own_total').increment(4);`, { handle }));
  t.equal(second.counter('own_total').getValue(), 4);
});

test('a joined thread has all functions of its parent', async (t) => {
  const collector = makeCollector(t);
  collector.counter('asked_total').increment(2);
  await collector.flush();
  const worker = inThread(`
    collector.counter('asked_total').increment(1);
    collector.exposition().then(({ body }) => parentPort.postMessage(Buffer.from(body).toString()));
  `);
  // it may have ended before the message is dealt with
  const exit = untilExit(worker);
  const [text] = await once(worker, 'message');
  t.match(text, /^asked_total 3$/m);
  await exit;
});

test('the last set of a gauge wins, and additions of every thread count since', async (t) => {
  const collector = makeCollector(t);
  const gauge = collector.gauge('level');
  gauge.set(100);
  await untilExit(inThread(`const g = collector.gauge('level'); g.increment(5); g.set(50); g.increment(1);`));
  t.equal(gauge.getValue(), 51);
  gauge.decrement(2);
  t.equal(gauge.getValue(), 49);
  await untilExit(inThread(`collector.gauge('level').increment(10);`));
  t.equal(gauge.getValue(), 59);
  gauge.set(1);
  t.equal(gauge.getValue(), 1);
});

test('records of a blocked thread are visible while it is blocked', async (t) => {
  const collector = makeCollector(t);
  const gate = new SharedArrayBuffer(4);
  const worker = inThread(
    `
    const counter = collector.counter('blocked_total');
    for (let i = 0; i < 5; i++) counter.increment();
    parentPort.postMessage('recorded');
    setImmediate(() => Atomics.wait(new Int32Array(workerData.gate), 0, 0));
  `,
    { gate },
  );
  await once(worker, 'message');
  const { body } = await collector.exposition();
  t.match(Buffer.from(body).toString(), /^blocked_total 5$/m);
  Atomics.store(new Int32Array(gate), 0, 1);
  Atomics.notify(new Int32Array(gate), 0);
  await untilExit(worker);
});

test('a thread terminated right after recording loses nothing', async (t) => {
  const collector = makeCollector(t);
  for (let round = 1; round <= 10; round++) {
    const worker = inThread(`
      collector.counter('terminated_total').increment(1);
      collector.counter('terminated_total').increment(2);
      parentPort.postMessage('recorded');
      for (;;);
    `);
    await once(worker, 'message');
    await worker.terminate();
    t.equal(collector.counter('terminated_total').getValue(), 3 * round);
  }
});

test('scrapes are answered while threads record more than a worker can fold', async (t) => {
  const collector = makeCollector(t, { ringCapacity: 256 });
  const endpoint = await collector.listen({ port: 0 });
  const stop = new SharedArrayBuffer(4);
  const code = `
    const counter = collector.counter('storm_total').labels({ kind: 'a' });
    const stop = new Int32Array(workerData.stop);
    parentPort.postMessage('started');
    while (Atomics.load(stop, 0) === 0) for (let i = 0; i < 1000; i++) counter.increment();
  `;
  const storms = [inThread(code, { stop }), inThread(code, { stop })];
  await Promise.all(storms.map((worker) => once(worker, 'message')));
  let before = 0;
  for (let scrape = 0; scrape < 10; scrape++) {
    const text = await (await fetch(endpoint.url, { signal: AbortSignal.timeout(10_000) })).text();
    const now = Number(/^storm_total.* (\d+)$/m.exec(text)?.[1] ?? 0);
    t.ok(now >= before, `${now} after ${before}`);
    before = now;
  }
  Atomics.store(new Int32Array(stop), 0, 1);
  await Promise.all(storms.map(untilExit));
  t.ok(collector.stats().foldedInPlace > 0, 'the rings were full');
  t.ok(isConserved(collector.stats()));
});

test('many more threads than slots can come and go', async (t) => {
  const collector = makeCollector(t, { maxThreads: 3 });
  for (let round = 0; round < 15; round++) {
    const threads = [1, 2].map((amount) => inThread(`collector.counter('short_total').increment(${amount});`));
    await Promise.all(threads.map(untilExit));
  }
  t.equal(collector.counter('short_total').getValue(), 45);
  t.equal(collector.stats().dropped, 0);
});

test('threads beyond maxThreads drop what they record, and count it', async (t) => {
  const collector = makeCollector(t, { maxThreads: 1, flushWorkers: 0 });
  collector.counter('one_total').increment();
  const code = `
    const one = collector.counter('one_total');
    for (let i = 0; i < 10; i++) one.increment();
    for (let i = 0; i < 5; i++) one.increment(-1);
    one.increment(1, { 'no name': 1 });
  `;
  await untilExit(inThread(code));
  const stats = collector.stats();
  t.equal(stats.dropped, 10);
  t.equal(stats.invalid, 6, 'what is wrong is invalid there too');
  t.equal(stats.recorded, 17);
  t.ok(isConserved(stats));
  t.equal(collector.counter('one_total').getValue(), 1);
});

test('a terminated flush worker is replaced: draining, flushing and the endpoint continue', async (t) => {
  const workers: Worker[] = [];
  const watch = (worker: Worker): void => void workers.push(worker);
  process.on('worker', watch);
  t.teardown(() => process.off('worker', watch));
  const collector = makeCollector(t, { flushInterval: 50 });
  const endpoint = await collector.listen({ port: 0 });
  const counter = collector.counter('survivor_total');
  for (let round = 1; round <= 5; round++) {
    counter.increment();
    await workers[0].terminate();
    workers.shift();
    counter.increment();
    const text = await scrapeUntilAnswered(endpoint.url);
    t.match(text, new RegExp(`^survivor_total ${2 * round}$`, 'm'));
  }
  const [series] = await collector.storage.query({ name: 'survivor_total' });
  const values = series.points.map(({ value }) => value);
  t.same(
    values,
    values.toSorted((a, b) => a - b),
    'the history never goes back',
  );
  const before = collector.stats().flushes;
  while (collector.stats().flushes === before) await sleep(10);
});

/** The replacement of a worker needs a moment to open the endpoint again: refused connections are tried again for 10 s. */
async function scrapeUntilAnswered(url: string): Promise<string> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    try {
      return await (await fetch(url)).text();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(20);
    }
  }
}

test('a flush worker that dies while it starts is replaced as well', async (t) => {
  const workers: Worker[] = [];
  const watch = (worker: Worker): void => void workers.push(worker);
  process.on('worker', watch);
  t.teardown(() => process.off('worker', watch));
  const collector = makeCollector(t);
  collector.counter('young_total').increment();
  await new Promise(setImmediate);
  await workers[0].terminate();
  const { body } = await collector.exposition();
  t.match(Buffer.from(body).toString(), /^young_total 1$/m);
});
