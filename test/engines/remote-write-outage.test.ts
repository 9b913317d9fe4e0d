import { setTimeout as sleep } from 'node:timers/promises';
import { PrometheusStorage } from 'ringmeter';
import { test } from 'tap';
import { collectorFor, until } from '../instruments/support';
import { needs } from './engine';
import { Prometheus, type Samples } from './servers';
import { VictoriaMetrics } from './victoria-metrics';

const INTERVAL = 50;
const SERIES = 20;

const ENGINES = [
  { name: 'prometheus', start: Prometheus.receiver },
  { name: 'victoria-metrics', start: VictoriaMetrics.start },
] as const;

for (const { name, start } of ENGINES)
  test(`after an outage in the middle of a run, ${name} has all samples`, needs(name), async (t) => {
    const server = await start(t);
    const collector = collectorFor(t, {
      flushWorkers: 1,
      storage: new PrometheusStorage({
        remoteWrite: { url: server.writeUrl, maxSamplesPerSend: 5 },
        interval: INTERVAL,
        timeout: 2_000,
        retry: { firstDelay: 50, longestDelay: 200 },
      }),
    });
    const counter = collector.counter('outage_total', { labelNames: ['i'] });
    const handles = Array.from({ length: SERIES }, (_, i) => counter.labels({ i }));
    const storage = () => collector.stats().storages[0];
    await until('the zeros are stored', () => storage().stored >= 1);
    let rounds = 0;
    const record = setInterval(() => {
      rounds++;
      for (const [i, handle] of handles.entries()) handle.increment(i + 1);
    }, 10);
    t.teardown(() => clearInterval(record));
    await until('some snapshots are stored', () => storage().stored >= 10);
    await server.stop();
    const stopped = Date.now();
    await until('some wait', () => storage().queued >= 20);
    t.ok(storage().retries > 0, 'the outage was noticed');
    const started = Date.now();
    await server.run();
    await until('none wait', () => storage().queued <= 1);
    await sleep(4 * INTERVAL);
    clearInterval(record);
    await collector.close();
    const { stored, dropped, rejected, lastError } = storage();
    t.same(
      { dropped, rejected },
      { dropped: 0, rejected: 0 },
      `nothing was given up; the last failure was ${lastError}`,
    );

    // what a server has taken it may show a moment later
    const runs: Samples[] = [];
    const sum = () => runs.reduce((total, { values }) => total + values.at(-1)![1], 0);
    await until('the last samples can be seen', async () => {
      runs.splice(0, runs.length, ...(await server.samples('outage_total', 60_000)));
      return sum() === (rounds * SERIES * (SERIES + 1)) / 2;
    });
    t.equal(runs.length, SERIES);
    for (const { metric, values } of runs) {
      const what = `series ${metric.i}`;
      const recorded = rounds * (Number(metric.i) + 1);
      const [last] = values.at(-1)!;
      t.equal(values.at(-1)![1], recorded, `${what}: the last value is what was recorded`);
      t.equal(values[0][1], 0, `${what}: the first is from before`);
      t.equal(values.length, stored, `${what}: there is a sample of each snapshot`);
      t.ok(
        values.some(([time]) => time > stopped && time < started),
        `${what}: and of the outage`,
      );
      t.equal(
        await server.number(`increase(outage_total{i="${metric.i}"}[1m])`, last),
        recorded,
        `${what}: increase()`,
      );
    }
  });
