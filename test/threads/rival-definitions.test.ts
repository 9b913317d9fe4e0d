import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { MetricsCollector } from 'ringmeter';
import { test } from 'tap';
import { parseExposition } from '../instruments/support';

const ROUNDS = 1_000;

/** Defines a metric in every round, at the same moment as the other threads, and says in which ones it succeeded. */
const RACER = `
  const { parentPort, workerData: { handle, gate, kind, suffix, rounds } } = require('node:worker_threads');
  const collector = require('ringmeter').attachCollector(handle);
  const words = new Int32Array(gate);
  const defined = [];
  for (let round = 1; round <= rounds; round++) {
    Atomics.add(words, 0, 1);
    while (Atomics.load(words, 0) < 2 * round);
    try {
      const metric = collector[kind]('m' + round + suffix);
      if (kind === 'histogram') metric.observe(1);
      else metric.increment();
      defined.push(round);
    } catch (error) {
      if (error.code !== 'RINGMETER_METRIC_CONFLICT') throw error;
    }
  }
  collector.close();
  parentPort.postMessage(defined);
`;

test('of two metrics with a line in common that two threads define at once, exactly one is defined and shown', async (t) => {
  const collector = new MetricsCollector({ flushWorkers: 0, flushInterval: 0 });
  t.teardown(() => collector.close());
  const gate = new SharedArrayBuffer(4);
  const workers = [
    ['histogram', ''],
    ['counter', '_count'],
  ].map(
    ([kind, suffix]) =>
      new Worker(RACER, { eval: true, workerData: { handle: collector.handle, gate, kind, suffix, rounds: ROUNDS } }),
  );
  const results = await Promise.all(workers.map((worker) => once(worker, 'message')));
  const [[histograms], [counters]] = results as [number[]][];
  const defined = new Set([...histograms, ...counters]);
  t.equal(defined.size, ROUNDS, 'one of them in every round');
  t.equal(histograms.length + counters.length, ROUNDS, 'and not the other');
  // throws if a line stands twice
  const samples = parseExposition(Buffer.from((await collector.exposition()).body).toString());
  for (const round of histograms) if (samples.get(`m${round}_bucket{le="+Inf"}`) !== 1) t.fail(`histogram m${round}`);
  for (const round of counters) if (samples.get(`m${round}_count`) !== 1) t.fail(`counter m${round}_count`);
  t.equal(samples.size, histograms.length * 14 + counters.length);
});
