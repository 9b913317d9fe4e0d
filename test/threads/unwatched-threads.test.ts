import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { MetricsCollector } from 'ringmeter';
import { type Test, test } from 'tap';
import { until } from '../instruments/support';

/** Records and reads without a pause: most of the time it holds the locks of all shards. */
const BUSY = `
  const { attachCollector } = require('ringmeter');
  const { parentPort } = require('node:worker_threads');
  parentPort.once('message', (handle) => {
    const counter = attachCollector(handle).counter('work_total');
    counter.increment();
    parentPort.postMessage('recording');
    for (;;) {
      counter.increment();
      counter.getValue();
    }
  });
`;

/** A worker thread that starts BUSY as a worker of its own. */
const PARENT = `
  const { parentPort, Worker } = require('node:worker_threads');
  const child = new Worker(${JSON.stringify(BUSY)}, { eval: true });
  parentPort.once('message', (handle) => child.postMessage(handle));
  child.on('message', (message) => parentPort.postMessage(message));
`;

const ROUNDS = 8;

async function endThem(t: Test, source: string): Promise<void> {
  const workers = Array.from({ length: ROUNDS }, () => new Worker(source, { eval: true, execArgv: [] }));
  await Promise.all(workers.map((worker) => once(worker, 'online')));
  const collector = new MetricsCollector({ flushWorkers: 0 });
  t.teardown(() => collector.close());
  const own = collector.counter('own_total');
  for (const worker of workers) {
    worker.postMessage(collector.handle);
    await once(worker, 'message');
    own.increment();
    await worker.terminate();
  }
  own.increment();
  // of a thread that another one started the end is heard of a little later
  await until('the slots of the ended threads are free', () => collector.stats().threads === 1);
  t.equal(own.getValue(), ROUNDS + 1, 'this thread reads what it wrote');
  t.equal(collector.stats().pending, 0, 'nothing is stuck in a ring');
}

test('a thread that was started before the collector ends while it reads', (t) => endThem(t, BUSY));
test('a thread that another thread started is terminated with it during a read', (t) => endThem(t, PARENT));
