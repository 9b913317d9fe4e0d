import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { MetricsCollector } from 'ringmeter';
import { type Test, test } from 'tap';
import { Arena } from '../../dist/src/arena/arena.js';
import { HEADER, int } from '../../dist/src/arena/layout.js';
import { tryLock } from '../../dist/src/atomics/mutex.js';
import { Drainer } from '../../dist/src/drain/drain.js';
import { SeriesReading } from '../../dist/src/instruments/reading.js';
import { Recorder } from '../../dist/src/instruments/recorder.js';
import { HISTOGRAM_COLUMNS } from '../../dist/src/kinds/histogram-cells.js';
import { Collect } from '../../dist/src/snapshot/collect.js';
import type { Snapshot } from '../../dist/src/snapshot/snapshot.js';
import program from '../fixtures/program.cjs';
import { Load, makeArena, startDrainer } from './bench';
import { Stopper } from './stopper';

const FAMILIES = 12;
const SERIES = 400;
const SNAPSHOTS = 8;

/** Histograms in a snapshot whose buckets and sum do not tell of the same observations. */
function contradictions({ families, values }: Snapshot): string[] {
  const problems: string[] = [];
  for (const { definition, series } of families)
    for (let index = 0; index < series.count; index++) {
      const column = series.columns[index];
      const from = column + HISTOGRAM_COLUMNS.COUNTS;
      const counts = [...values.subarray(from, from + program.OBSERVED.length)];
      const sum = values[column + HISTOGRAM_COLUMNS.SUM];
      if (!program.agrees(counts, sum)) problems.push(`${definition.name} ${index}: ${counts}, sum ${sum}`);
    }
  return problems;
}

/** Threads that observe, and one that reads, all histograms of a collector. */
async function startObservers(t: Test, collector: MetricsCollector, families = FAMILIES, series = SERIES) {
  const words = new Int32Array(new SharedArrayBuffer(8));
  const workers = [false, false, true].map(
    (reads) =>
      new Worker(join(__dirname, '../fixtures/observer.cjs'), {
        workerData: { handle: collector.handle, families, series, words, reads },
        execArgv: [],
      }),
  );
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  const answers = Promise.all(workers.map((worker) => once(worker, 'message')));
  t.teardown(() => Atomics.store(words, 0, 1));
  return {
    workers,
    reads: () => Atomics.load(words, 1),
    /** What the reading thread found wrong. */
    async stop(): Promise<unknown> {
      Atomics.store(words, 0, 1);
      const [, , [problem]] = await answers;
      return problem;
    },
  };
}

for (const ringCapacity of [64, 16_384])
  test(`the sum, count and buckets of a histogram agree in every snapshot, while readers are let in (rings of ${ringCapacity})`, async (t) => {
    // buckets and sum of each histogram from one moment   allowed
    // histograms of different moments in one snapshot     allowed     a reader was let in between them
    // a sum without its count, or the other way round     FORBIDDEN
    // no read while a snapshot is made                    FORBIDDEN   a thread would wait for all of a scrape
    const collector = new MetricsCollector({ flushWorkers: 0, flushInterval: 0, drainInterval: 1_000, ringCapacity });
    t.teardown(() => collector.close());
    const observers = await startObservers(t, collector);
    const arena = Arena.attach(collector.handle.arena);
    const drainer = new Drainer(arena, 1);
    let letIn = 0;
    const { withDrained } = Drainer.prototype;
    drainer.withDrained = (shards, patience, read) =>
      withDrained.call(drainer, shards, patience, (breathe) => {
        const before = observers.reads();
        read(breathe);
        // one may have been under way
        letIn += Math.max(observers.reads() - before - 1, 0);
      });
    const collect = new Collect(arena, drainer);
    const deadline = Date.now() + 20_000;
    let snapshot = 0;
    for (; snapshot < SNAPSHOTS || (letIn === 0 && Date.now() < deadline); snapshot++) {
      const problems = contradictions(await collect.snapshot());
      if (problems.length > 0) t.fail(`snapshot ${snapshot}`, { problems: problems.slice(0, 5) });
      await new Promise(setImmediate);
    }
    t.equal(await observers.stop(), undefined, 'what the reading thread saw agreed as well');
    t.ok(letIn > 0, `${letIn} reads while ${snapshot} snapshots were made, ${observers.reads()} in all`);
    const { foldedInPlace, folded } = collector.stats();
    t.ok(foldedInPlace > 0, `${foldedInPlace} of ${folded} folded in place`);
  });

/** Marks of no thread. */
const NOBODY = 0x7fff_ffff;

for (const turn of ['free', 'held by somebody who is stopped'])
  test(`of two snapshots on different threads the later one has no older value, while readers are let in (the turn is ${turn})`, async (t) => {
    // every histogram of the later one at least as new   allowed
    // one of them older                                  FORBIDDEN   a counter would go back in the history
    const collector = new MetricsCollector({ flushWorkers: 0, flushInterval: 0, drainInterval: 1_000 });
    t.teardown(() => collector.close());
    const observers = await startObservers(t, collector, FAMILIES, 50);
    const words = new Int32Array(new SharedArrayBuffer(4));
    const { arena } = collector.handle;
    const patience = turn === 'free' ? undefined : 5;
    if (turn !== 'free') tryLock(Arena.attach(arena).i32, int(HEADER.COLLECT_LOCK), NOBODY);
    const collecting = [1, 2].map(
      () =>
        new Worker(join(__dirname, '../fixtures/collecting.cjs'), {
          workerData: { arena, words, patience },
          execArgv: [],
        }),
    );
    const answers = Promise.all(collecting.map((worker) => once(worker, 'message')));
    await sleep(1_000);
    Atomics.store(words, 0, 1);
    const seen = (await answers).flatMap(([snapshots]) => snapshots as { takenAt: number; counts: number[] }[]);
    await observers.stop();
    seen.sort((a, b) => a.takenAt - b.takenAt);
    const back = seen.filter(({ counts }, index) =>
      counts.some((count, family) => count < (seen[index - 1]?.counts[family] ?? 0)),
    );
    t.equal(back.length, 0, `of ${seen.length} snapshots`);
    t.ok(seen.length > 2, `${seen.length} snapshots`);
  });

test('a reader waits for a thread that was descheduled while it folded in place, but not for ever', async (t) => {
  // the observation is in the buckets and in the sum, or in neither   allowed
  // in one of them                                                    FORBIDDEN   unless the thread stays away for long
  const collector = new MetricsCollector({ flushWorkers: 0, flushInterval: 0, drainInterval: 1_000, ringCapacity: 64 });
  t.teardown(() => collector.close());
  const histogram = collector.histogram('h0', { buckets: program.BOUNDS }).labels({ index: 0 });
  const agrees = (): boolean => {
    const { sum, buckets } = histogram.getValue();
    const counts = buckets.map(({ count }, bucket) => count - (buckets[bucket - 1]?.count ?? 0));
    return program.agrees(counts, sum);
  };
  const observers = await startObservers(t, collector, 1, 1);
  for (const worker of observers.workers.slice(1)) await worker.terminate();
  const [worker] = observers.workers;
  const stopper = await Stopper.of(worker);
  await stopper.stopAt('src/kinds/histogram.js', '.HISTOGRAM.SUM] += value');
  await stopper.stopped();
  const began = performance.now();
  agrees();
  const waited = performance.now() - began;
  t.ok(waited > 50 && waited < 5_000, `while the thread stays where it is, a read takes ${waited} ms`);
  stopper.release();
  t.ok(agrees(), 'when it goes on, a read has all of it');
  stopper.close();
  await worker.terminate();
});

test('a reader without the lock sees an event that is being folded completely or not at all', async (t) => {
  // as above
  const arena = makeArena();
  const load = new Load(arena);
  const recorder = new Recorder(arena, 'fold');
  t.teardown(() => recorder.close());
  const holder = await startDrainer(arena);
  const stopper = await Stopper.of(holder);
  await stopper.stopAt('src/kinds/histogram.js', '.HISTOGRAM.SUM] += value');
  load.record(recorder, 'OBSERVE', 7);
  recorder.publish();
  holder.postMessage({ task: 'drain' });
  await stopper.stopped();

  const reading = new SeriesReading(recorder, new Drainer(arena, 1));
  const { series, definition } = load.histogram;
  const read = (): number[] => [...reading.read(series, definition)];
  const began = performance.now();
  read();
  const waited = performance.now() - began;
  // half a second for the lock
  t.ok(waited > 550 && waited < 5_000, `while the thread stays where it is, a read takes ${waited} ms`);
  stopper.release();
  t.same(read(), [7, 1, 0, 0, 0]);
  stopper.close();
  await holder.terminate();
});
