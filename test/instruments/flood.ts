import type { MetricsCollector } from 'ringmeter';
import type { Test } from 'tap';
import { collectorFor } from './support';

/** Nanoseconds that a record takes of series that exist, bound and by a label object: the best of some rounds. */
function costs(record: () => void): number {
  const CALLS = 50_000;
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 20; round++) {
    const began = performance.now();
    for (let call = 0; call < CALLS; call++) record();
    best = Math.min(best, ((performance.now() - began) * 1e6) / CALLS);
  }
  return best;
}

/** Heap and buffers of this thread. */
function memory(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / 2 ** 20;
}

/** A hostile client makes `count` different label sets; what that may cost. */
export async function flood(t: Test, count: number): Promise<MetricsCollector> {
  const collector = collectorFor(t, { cardinalityLimit: 10_000, flushWorkers: 1, storage: [] });
  const requests = collector.counter('requests_total', { labelNames: ['method', 'path'] as const });
  const known = requests.labels({ method: 'GET', path: '/' });
  const byLabels = { method: 'POST', path: '/orders' };
  requests.increment(0, byLabels);
  requests.increment(0, byLabels);
  const bound = () => known.increment();
  const labelled = () => requests.increment(1, byLabels);
  const send = (from: number, to: number): void => {
    for (let path = from; path < to; path++) requests.increment(1, { method: 'GET', path: `/${path}/x` });
  };
  const before = [costs(bound), costs(labelled)];
  send(0, 20_000);
  const [bytes, heap] = [collector.stats().bytes, memory()];
  for (let sent = 20_000; sent < count; sent += 10_000) {
    send(sent, sent + 10_000);
    if (sent % 1_000_000 === 0) await new Promise(setImmediate);
  }
  const { bytes: bytesAfter, series, recorded, dropped, invalid } = collector.stats();
  t.ok(bytesAfter - bytes <= 2 ** 17, `the arena grew from ${bytes} to ${bytesAfter} bytes while ${count} came`);
  t.ok(memory() - heap < 30, `memory of the thread: ${heap.toFixed(1)} MB, then ${memory().toFixed(1)} MB`);
  t.same([series, dropped, invalid], [10_001, 0, 0]);
  const after = [costs(bound), costs(labelled)];
  after.forEach((cost, index) => {
    const what = index === 0 ? 'bound' : 'label object';
    // generous: other tests run beside this one
    t.ok(cost < before[index] * 2 + 20, `${what}: ${before[index].toFixed(1)} ns, then ${cost.toFixed(1)} ns`);
  });
  t.equal(recorded, count + 2 + 2 * 20 * 50_000);
  const { metrics, overflowed } = await collector.cardinality();
  t.equal(overflowed, count - 9_998);
  t.match(metrics[0], { name: 'requests_total', series: 10_001, limit: 10_000, removed: 0 });
  t.match(metrics[0].labels, [
    { name: 'path', values: 10_000 },
    { name: 'method', values: 2 },
    { name: 'ringmeter_overflow', values: 1 },
  ]);
  const all = await collector.getAllMetrics();
  t.equal(all.find(({ labels }) => labels.ringmeter_overflow === 'true')?.value, count - 9_998, 'nothing is lost');
  return collector;
}
