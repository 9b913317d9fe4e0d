import { setTimeout as sleep } from 'node:timers/promises';
import { PrometheusStorage } from 'ringmeter';
import { test } from 'tap';
import type { Snapshot } from '../../dist/src/aggregate/snapshot.js';
import { collectorFor } from '../instruments/support';
import { type OpenedBackend, openStorage } from '../storage/support';
import { needs, poll } from './engine';
import { Prometheus, VictoriaMetrics } from './servers';

/** What a delivery does, in its simplest form: one snapshot at a time, the oldest first, until it is taken. */
async function deliver({ backend }: OpenedBackend, queue: Snapshot[], until: { over: boolean }): Promise<number> {
  let failures = 0;
  let previous: Snapshot | undefined;
  while (!until.over || queue.length > 0) {
    const [oldest] = queue;
    if (oldest === undefined) {
      await sleep(20);
      continue;
    }
    try {
      await backend.store(oldest, { signal: AbortSignal.timeout(2_000), previous });
      previous = queue.shift();
    } catch (error) {
      if (!(error as { retryable: boolean }).retryable) throw error;
      failures++;
      await sleep(100);
    }
  }
  return failures;
}

const ENGINES = [
  { name: 'prometheus', start: Prometheus.receiver },
  { name: 'victoria-metrics', start: VictoriaMetrics.start },
] as const;

for (const { name, start } of ENGINES)
  test(`after an outage in the middle of a run, ${name} has all of it`, needs(name), async (t) => {
    const server = await start(t);
    const collector = collectorFor(t);
    const storage = new PrometheusStorage({ remoteWrite: { url: server.writeUrl, maxSamplesPerSend: 5 } });
    const opened = await openStorage(t, collector, storage);
    const counter = collector.counter('outage_total', { labelNames: ['i'] });
    const handles = Array.from({ length: 20 }, (_, i) => counter.labels({ i }));
    const queue: Snapshot[] = [];
    const until = { over: false };
    const taken: number[] = [];
    const delivery = deliver(opened, queue, until);
    const record = async (snapshots: number): Promise<void> => {
      for (let count = 0; count < snapshots; count++) {
        const snapshot = await opened.snapshot();
        queue.push(snapshot);
        taken.push(snapshot.timestamp);
        await sleep(50);
        for (const [i, handle] of handles.entries()) handle.increment(i + 1);
      }
    };
    await record(20);
    await server.stop();
    await record(20);
    t.ok(queue.length >= 15, `${queue.length} snapshots wait`);
    await server.run();
    await record(21);
    until.over = true;
    t.ok((await delivery) > 0, 'the outage was noticed');

    const [first, last] = [taken[0], taken[taken.length - 1]];
    const window = `${last - first + 1_000}ms`;
    const numbers = (what: string) => server.query(`sort(${what}(outage_total[${window}]))`, last);
    await poll(
      'the last sample can be seen',
      async () => (await server.number('sum(outage_total)', last)) === 60 * 210,
    );
    for (const { metric, value } of await numbers('increase'))
      t.equal(Number(value[1]), 60 * (Number(metric.i) + 1), `increase of ${metric.i}`);
    const counts = await numbers('count_over_time');
    t.same(
      counts.map(({ value }) => Number(value[1])),
      handles.map(() => taken.length),
      'no sample is missing',
    );
  });
