import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Metric } from 'ringmeter';
import { test } from 'tap';
import { toMetrics } from '../../dist/src/exposition/metrics.js';
import { FlushService } from '../../dist/src/flush/service.js';
import { SEED, until } from '../instruments/support';
import { mortal } from './mortal';

test('label sets that come and go for ever use the memory of those that exist at one time', async (t) => {
  const { collector, arena } = mortal(t, 1_024, 10);
  const service = new FlushService(arena, []);
  const counter = collector.counter('c', { labelNames: ['id'], ttl: 0.05 });
  const histogram = collector.histogram('h', { labelNames: ['id'], buckets: [1], ttl: 0.05 });
  let bytes = 0;
  let problems = 0;
  for (let round = 0; round < 30; round++) {
    for (let id = 0; id < 100; id++) {
      counter.increment(round * 100 + id, { id: `${round}-${id}` });
      histogram.observe(round * 100 + id, { id: `${round}-${id}` });
    }
    for (let turn = 0; turn < 4; turn++) {
      await sleep(15);
      service.tick();
      const text = Buffer.from((await service.exposition()).body).toString();
      for (const [, name, number, id, value] of text.matchAll(/^(c|h_sum)\{id="(\d+)-(\d+)"\} (\S+)$/gm))
        if (Number(value) !== Number(number) * 100 + Number(id)) {
          problems++;
          t.comment(`${name} ${number}-${id}: ${value}`);
        }
      for (const { labels, value, name } of await service.metrics()) {
        if (name === 'busy') continue;
        const [number, id] = labels.id.split('-').map(Number);
        if (name === 'c' && value !== number * 100 + id) problems++;
      }
    }
    if (round === 15) bytes = collector.stats().bytes;
  }
  t.equal(problems, 0);
  const more = collector.stats().bytes - bytes;
  t.ok(
    more <= 2 ** 17,
    `${more} bytes more for 1400 label sets of two metrics: some pages, and what was still waiting`,
  );
  const { removed } = (await service.cardinality()).metrics[0];
  t.ok(removed < 1_500, `${removed} of 3000 have memory`);
});

/** Adds up what each label set had in its lives, as far as snapshots show: a life has ended when it is not there, or less. */
class Lives {
  readonly ended = new Map<string, number>();
  readonly problems: string[] = [];
  private present = new Map<string, number>();

  see(metrics: readonly Metric[]): void {
    const now = new Map<string, number>();
    for (const { name, labels, value, sum } of metrics) {
      const n = Number(labels.n);
      const times = (sum ?? value) / n;
      if (!Number.isInteger(times) || times < 0 || (sum !== undefined && times !== value))
        this.problems.push(`${name} ${n}: ${value}, ${sum}`);
      now.set(`${name} ${n}`, times);
    }
    for (const [key, times] of this.present) if ((now.get(key) ?? -1) < times) this.end(key, times);
    this.present = now;
  }

  private end(key: string, times: number): void {
    this.ended.set(key, (this.ended.get(key) ?? 0) + times);
  }
}

for (const ringCapacity of [64, 4_096])
  test(`threads record label sets that come, go and come back, rings of ${ringCapacity} (RINGMETER_SEED=${SEED})`, async (t) => {
    // each record in a life of its own label set      allowed
    // in one of another, whose memory it has now      FORBIDDEN
    // in none                                         FORBIDDEN
    const { collector, collect, reborn, recycle } = mortal(t, ringCapacity, 10);
    const workers = [1, 2, 3].map(
      (thread) =>
        new Worker(join(__dirname, '../fixtures/churner.cjs'), {
          workerData: { handle: collector.handle, seed: SEED + thread, bursts: 300, ttl: 0.06 },
          execArgv: ['--no-warnings'],
        }),
    );
    const answers = Promise.all(
      workers.map(async (worker) => (await once(worker, 'message'))[0] as Map<string, number>),
    );
    let counts: Map<string, number>[] | undefined;
    void answers.then((all) => {
      counts = all;
    });
    const lives = new Lives();
    let snapshots = 0;
    // the last sets have to end, too
    for (let left = 1; left > 0; snapshots++) {
      recycle();
      const metrics = toMetrics(await collect.snapshot()).filter(({ name }) => name !== 'busy');
      lives.see(metrics);
      if (counts !== undefined && metrics.length === 0) left = 0;
      await sleep(4);
    }
    const expected = new Map<string, number>();
    for (const own of counts!) for (const [key, times] of own) expected.set(key, (expected.get(key) ?? 0) + times);
    t.same(lives.problems, [], `in ${snapshots} snapshots`);
    const wrong = [...expected].filter(([key, times]) => lives.ended.get(key) !== times);
    t.same(
      wrong.map(([key, times]) => `${key}: ${times} records, lives have ${lives.ended.get(key)}`),
      [],
    );
    t.ok(reborn() > 300, `memory was used again ${reborn()} times for ${expected.size} series`);
    const { recorded, folded, dropped } = collector.stats();
    t.same([recorded - collector.counter('busy').getValue(), recorded - folded, dropped], [3 * 301 * 200, 0, 0]);
    await Promise.all(workers.map((worker) => worker.terminate()));
  });

test('a handle that was given out keeps its series, however long it has been removed', async (t) => {
  const { collector, arena, reborn } = mortal(t, 1_024, 10);
  const service = new FlushService(arena, []);
  const counter = collector.counter('c', { labelNames: ['id'], ttl: 0.02 });
  const gauge = collector.gauge('g', { labelNames: [], ttl: 0.02 });
  const kept = counter.labels({ id: 'kept' });
  kept.increment(1);
  gauge.set(1);
  for (let id = 0; id < 100; id++) counter.increment(1, { id });
  let round = 0;
  await until('the memory of others is used again', async () => {
    round++;
    for (let id = 0; id < 20; id++) counter.increment(1, { id: `${round} ${id}` });
    service.tick();
    await service.snapshot();
    return reborn() >= 200;
  });
  kept.increment(5);
  gauge.increment(2);
  t.equal(kept.getValue(), 5);
  const metrics = await service.metrics();
  t.equal(metrics.find(({ labels }) => labels.id === 'kept')?.value, 5);
  t.equal(metrics.find(({ name }) => name === 'g')?.value, 2);
});

test('a blocked thread delays the reuse of memory, and nothing else', async (t) => {
  const { collector, arena, reborn } = mortal(t, 1_024, 10);
  const service = new FlushService(arena, []);
  const counter = collector.counter('c', { labelNames: ['id'], ttl: 0.02 });
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const code = `
    const { parentPort, workerData } = require('node:worker_threads');
    const counter = require('ringmeter').attachCollector(workerData.handle).counter('c');
    counter.increment(1, { id: 'of the other' });
    counter.increment(1, { id: 'of the other' });
    Atomics.store(workerData.gate, 0, 1);
    Atomics.wait(workerData.gate, 0, 1);
    // its index still knows the label set
    counter.increment(3, { id: 'of the other' });
    Atomics.store(workerData.gate, 0, 3);
    setInterval(() => {}, 1000);
  `;
  const worker = new Worker(code, { eval: true, workerData: { handle: collector.handle, gate }, execArgv: [] });
  t.teardown(() => worker.terminate());
  while (Atomics.load(gate, 0) === 0) await sleep(5);
  const turn = async (round: number): Promise<Metric[]> => {
    for (let id = 0; id < 20; id++) counter.increment(1, { id: `${round} ${id}` });
    await sleep(10);
    service.tick();
    return service.metrics();
  };
  for (let round = 0; round < 30; round++) await turn(round);
  t.equal(reborn(), 0, 'nobody knows what the thread refers to');
  Atomics.store(gate, 0, 2);
  Atomics.notify(gate, 0);
  // a series is shown as soon as its label set is looked up: nobody collects before it is recorded, too
  while (Atomics.load(gate, 0) !== 3) await sleep(1);
  const seen: number[] = [];
  let round = 60;
  await until('memory is used again', async () => {
    const other = (await turn(round++)).find(({ labels }) => labels.id === 'of the other');
    if (other !== undefined) seen.push(other.value);
    return reborn() >= 50;
  });
  t.ok(seen.length > 0 && seen.every((value) => value === 3), `what it recorded is in its own series: ${seen}`);
});
