import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { MetricsCollector } from 'ringmeter';
import { type Test, test } from 'tap';
import { until } from '../instruments/support';

const dist = (file: string): string => JSON.stringify(require.resolve(`../../dist/src/${file}.js`));

/** A thread that has joined the collector takes the lock of a shard that the main thread needs to read its own value. */
async function holder(t: Test): Promise<Worker> {
  const thread = new Worker(
    `const { getMetricsCollector } = require('ringmeter');
    const { parentPort, threadId } = require('node:worker_threads');
    const { lock } = require(${dist('atomics/mutex')});
    const { openShards, threadMark } = require(${dist('arena/shard')});
    const { Arena } = require(${dist('arena/arena')});
    const arena = Arena.attach(getMetricsCollector().handle.arena);
    parentPort.once('message', () => {
      for (const shard of openShards(arena).filter(({ ring }) => ring !== 0))
        lock(arena.i32, shard.lock, threadMark(threadId), performance.now() + 10_000);
      parentPort.postMessage('held');
      setTimeout(() => { for (;;); }, 1);
    });
    parentPort.postMessage('ready');`,
    { eval: true },
  );
  t.teardown(() => thread.terminate());
  await once(thread, 'message');
  thread.postMessage('take');
  await once(thread, 'message');
  return thread;
}

for (const flushWorkers of [0, 1])
  test(`a thread that waits for the lock of an ended thread gets it without a turn of its event loop (flushWorkers: ${flushWorkers})`, async (t) => {
    const collector = new MetricsCollector({ flushInterval: 0, flushWorkers, storage: [] });
    t.teardown(() => collector.close());
    const counter = collector.counter('jobs_total');
    counter.increment();
    const thread = await holder(t);
    counter.increment(4);
    // its end is not heard: from here on this event loop does not turn
    void thread.terminate();
    t.equal(counter.getValue(), 5, 'with what is in the ring, for which the lock is needed');
    t.equal(collector.stats().pending, 0);
  });

test('after a wait for a lock timed out, later reads do not wait for the same owner again', async (t) => {
  const collector = new MetricsCollector({ flushInterval: 0, flushWorkers: 0, storage: [] });
  t.teardown(() => collector.close());
  const counter = collector.counter('jobs_total');
  counter.increment();
  const thread = await holder(t);
  counter.increment(4);
  const began = performance.now();
  for (let read = 0; read < 100; read++) counter.getValue();
  const took = performance.now() - began;
  t.ok(took < 5_000, `100 reads took ${took} ms`);
  await thread.terminate();
  await until('the lock is free', () => counter.getValue() === 5);
});
