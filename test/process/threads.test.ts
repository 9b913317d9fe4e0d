import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { MetricsCollector } from 'ringmeter';
import { type Test, test } from 'tap';
import { collectorFor, samplesOf, until } from '../instruments/support';
import { familiesOf, lineValue } from './support';

/** A thread that joins the collector it inherits, keeps some memory, and gets stuck when it is told to. */
const JOINED = `
  const { parentPort } = require('node:worker_threads');
  const { getMetricsCollector } = require(${JSON.stringify(join(__dirname, '..', '..', 'dist', 'src', 'index.js'))});
  const collector = getMetricsCollector();
  const kept = Array.from({ length: 300000 }, (_, index) => ({ index }));
  parentPort.on('message', (what) => {
    if (what === 'close') return void collector.close().then(() => parentPort.postMessage(kept.length));
    const end = performance.now() + what;
    while (performance.now() < end);
  });
  parentPort.postMessage('ready');
`;

async function joined(t: Test): Promise<Worker> {
  const worker = new Worker(JOINED, { eval: true, execArgv: [] });
  t.teardown(() => worker.terminate());
  await once(worker, 'message');
  return worker;
}

const usedHeap = async (collector: MetricsCollector, thread: string): Promise<number | undefined> =>
  lineValue(await familiesOf(collector), 'nodejs_heap_size_used_bytes', { thread });

/** Lines of the main thread have no label. */
const linesOfMain = async (collector: MetricsCollector): Promise<string[]> =>
  [...(await samplesOf(collector)).keys()].filter((line) => line.startsWith('nodejs_') && !line.includes('thread='));

test("a joined thread's heap, collections and event loop are measured, with its label, until it ends", async (t) => {
  const collector = collectorFor(t, { storage: [], defaultMetrics: { system: false } });
  const before = await linesOfMain(collector);
  const worker = await joined(t);
  t.ok((await usedHeap(collector, '1'))! > 1e6, 'it has values at once');
  const families = await familiesOf(collector);
  for (const name of [
    'nodejs_gc_duration_seconds',
    'nodejs_active_resources_total',
    'nodejs_heap_space_size_used_bytes',
  ])
    t.ok(lineValue(families, name, { thread: '1' }) !== undefined, name);
  await until('its event loop', async () => {
    const delay = lineValue(await familiesOf(collector), 'nodejs_eventloop_lag_mean_seconds', { thread: '1' });
    return delay !== undefined && delay > 0;
  });
  const present = await linesOfMain(collector);
  t.same(
    before.filter((line) => !present.includes(line)),
    [],
    'the lines of the main thread stay as they are',
  );

  await worker.terminate();
  await until('it has no heap any more', async () => (await usedHeap(collector, '1')) === 0);
  const after = await familiesOf(collector);
  for (const [name, family] of after)
    if (family.type === 'gauge' && name.startsWith('nodejs_'))
      for (const { labels, value } of family.lines) if (labels.thread === '1') t.equal(value, 0, name);

  const next = await joined(t);
  t.ok((await usedHeap(collector, '1'))! > 1e6, 'the next thread has its place, and its series');
  next.postMessage('close');
  await once(next, 'message');
  t.equal(await usedHeap(collector, '1'), 0, 'a thread that closes is measured no more');
});

test('a blocked thread is distinguished from an idle one and from an ended one', async (t) => {
  const collector = collectorFor(t, { storage: [], flushWorkers: 1, defaultMetrics: { system: false } });
  const worker = await joined(t);
  const stalled = async (): Promise<(number | undefined)[]> => {
    const families = await familiesOf(collector);
    return ['main', '1'].map((thread) => lineValue(families, 'ringmeter_event_loop_stalled_seconds', { thread }));
  };
  t.same(await stalled(), [0, 0]);
  worker.postMessage(1_500);
  await until('the thread is stuck', async () => (await stalled())[1]! > 0.3);
  t.ok((await stalled())[0]! < 0.3, 'the other is not');
  await until('it turns again', async () => (await stalled())[1] === 0);
  worker.postMessage(60_000);
  await until('the thread is stuck', async () => (await stalled())[1]! > 0.3);
  await worker.terminate();
  await until('it has ended', async () => (await stalled())[1] === 0);
});

test('threads come and go without new series', async (t) => {
  const collector = collectorFor(t, { storage: [], defaultMetrics: { system: false } });
  await (await joined(t)).terminate();
  await until('it is known to have ended', async () => (await usedHeap(collector, '1')) === 0);
  const { series } = collector.stats();
  for (let round = 0; round < 3; round++) {
    await (await joined(t)).terminate();
    await until('it is known to have ended', async () => (await usedHeap(collector, '1')) === 0);
  }
  // a type of handle that was not there before, or the delay that the first thread did not live to see
  t.ok(collector.stats().series - series <= 12, `${series}, then ${collector.stats().series}`);
  t.equal(await usedHeap(collector, '2'), undefined);
});
