import type { Worker } from 'node:worker_threads';
import { type Test, test } from 'tap';
import type { Arena } from '../../dist/src/arena/arena.js';
import { int, SHARD } from '../../dist/src/arena/layout.js';
import { cleanUpAfterThread, openShards, threadMark } from '../../dist/src/arena/shard.js';
import { Drainer } from '../../dist/src/drain/drain.js';
import { Recorder } from '../../dist/src/instruments/recorder.js';
import { until } from '../instruments/support';
import { ask, KINDS, type Kind, Load, makeArena, startDrainer } from './bench';
import { Stopper } from './stopper';

// A thread that drains is stopped at a place, and killed there.
// every event folded once, whatever the place   allowed
// one missing                                   FORBIDDEN   it was taken out of the ring and not folded
// one twice                                     FORBIDDEN   the next holder of the lock began too early
// the lock still held, or slots not given back  FORBIDDEN   nobody would drain again; the ring would stay full

const DRAIN = 'src/drain/drain.js';
const FOLD = 'src/kinds/fold.js';
const HISTOGRAM = 'src/kinds/histogram.js';
const GAUGE = 'src/kinds/gauge.js';
const SUMMARY = 'src/kinds/summary.js';
const SKETCH = 'src/kinds/sketch.js';

interface Place {
  name: string;
  file: string;
  /** What the line says before which the thread dies. */
  line: string;
  when: string;
  kinds: readonly Kind[];
  /** Events that are folded then. */
  folded: number;
}

const EVENTS = 60;
const PLACES: readonly Place[] = [
  {
    name: 'between two events',
    file: DRAIN,
    line: 'const done = first',
    when: 'offset === 37',
    kinds: KINDS,
    folded: 37,
  },
  {
    name: 'before an event',
    file: FOLD,
    line: 'if (cell === 0)',
    when: 'done === 38',
    kinds: ['COUNTER_ADD', 'SUMMARIZE'],
    folded: 37,
  },
  {
    name: 'while it looks for the bucket',
    file: HISTOGRAM,
    line: 'const middle =',
    when: 'done === 38',
    kinds: ['OBSERVE'],
    folded: 37,
  },
  {
    name: 'before it changes a gauge',
    file: GAUGE,
    line: 'const sum = f64[cell',
    when: 'done === 38',
    kinds: ['GAUGE_SET', 'GAUGE_ADD'],
    folded: 37,
  },
  {
    name: 'before a slot of a window is cleared',
    file: SKETCH,
    line: '.BEGAN] = 0',
    when: 'slot === 3',
    kinds: ['SUMMARIZE'],
    folded: 30,
  },
  {
    name: 'while a slot of a window is cleared, which is used for the second time',
    file: SKETCH,
    line: 'if (i32[entry] !== 0)',
    when: 'slot === 0 && entry === entries + 40 && f64[state + summary_cells_1.SLOT.COUNT] > 0',
    kinds: ['SUMMARIZE'],
    folded: 50,
  },
  {
    name: 'when it has changed the slot of a window and has not folded the event',
    file: SUMMARY,
    line: 'return next;',
    when: 'next === 2',
    kinds: ['SUMMARIZE'],
    folded: 20,
  },
  {
    name: 'before it gives the slots back',
    file: DRAIN,
    line: 'shard.free();',
    when: 'true',
    kinds: KINDS,
    folded: EVENTS,
  },
];

/** A recorder whose ring has EVENTS events of a kind in it, and somebody who was stopped while it drained them. */
async function stoppedAt(t: Test, { file, line, when }: Place, kind: Kind) {
  const arena = makeArena();
  const load = new Load(arena);
  const recorder = new Recorder(arena, 'fold');
  t.teardown(() => recorder.close());
  const worker = await startDrainer(arena);
  const stopper = await Stopper.of(worker);
  await stopper.stopAt(file, line, when);
  for (let event = 1; event <= EVENTS; event++) load.record(recorder, kind, event);
  recorder.publish();
  worker.postMessage({ task: 'drain' });
  await stopper.stopped();
  return { arena, load, recorder, worker, stopper };
}

function freed(arena: Arena): number {
  const [shard] = openShards(arena);
  return Atomics.load(arena.i32, int(shard.base + SHARD.FREED));
}

for (const place of PLACES)
  for (const kind of place.kinds)
    test(`a drainer is killed ${place.name}: ${kind}`, async (t) => {
      const { arena, load, recorder, worker, stopper } = await stoppedAt(t, place, kind);
      const { threadId } = worker;
      const [shard] = openShards(arena);
      t.equal(shard.folded, place.folded, 'that is where it stands');
      t.equal(arena.i32[shard.lock], threadMark(threadId), 'it has the lock');
      await stopper.kill(worker);
      cleanUpAfterThread(openShards(arena), threadId);
      t.equal(arena.i32[shard.lock], 0, 'the lock is free');
      t.equal(freed(arena), shard.folded, 'what it folded is given back');
      const drainer = new Drainer(arena, threadMark(0));
      drainer.drainAll();
      t.same(load.problems(), [], 'what it left is folded by the next');
      // the ring is used up, and around again
      for (let event = 1; event <= 200; event++) {
        load.record(recorder, kind, event);
        if (event % 3 === 0) recorder.publish();
        if (event % 3 === 0) drainer.drainAll();
      }
      recorder.publish();
      drainer.drainAll();
      t.same(load.problems(), []);
      t.equal(shard.folded, EVENTS + 200, 'through the ring, all of them');
    });

/** Holds the lock of the ring in the middle of a batch. */
const HOLDS = PLACES[0];

test('threads that wait for the lock of a dying thread get it in turn, with its completed work', async (t) => {
  const { arena, load, worker, stopper } = await stoppedAt(t, HOLDS, 'COUNTER_ADD');
  const { threadId } = worker;
  const waiters = await Promise.all([startDrainer(arena), startDrainer(arena), startDrainer(arena)]);
  t.teardown(() => Promise.all(waiters.map((waiter) => waiter.terminate())));
  const [shard] = openShards(arena);
  const answers = waiters.map((waiter) =>
    ask<{ folded: number; waited: number }>(waiter, 'read', { patience: 20_000 }),
  );
  await until('somebody waits', () => arena.i32[shard.lock + 1] === 1);
  await stopper.kill(worker);
  const buried = performance.now();
  cleanUpAfterThread(openShards(arena), threadId);
  const all = await Promise.all(answers);
  const after = performance.now() - buried;
  t.same(
    all.map(({ folded }) => folded),
    [EVENTS, EVENTS, EVENTS],
    'each of them saw every event',
  );
  t.ok(after < 5_000, `${after} ms after the burial all had it, long before their time was up`);
  t.equal(arena.i32[shard.lock], 0);
  t.same(load.problems(), []);
});

test('a thread that waits for the lock of a running thread times out, and reads without the lock', async (t) => {
  const { arena, worker, stopper } = await stoppedAt(t, HOLDS, 'COUNTER_ADD');
  const waiter = await startDrainer(arena);
  t.teardown(() => Promise.all([waiter.terminate(), stopper.kill(worker)]));
  const { folded, waited } = await ask<{ folded: number; waited: number }>(waiter, 'read', { patience: 200 });
  t.equal(folded, HOLDS.folded, 'what was folded when the other stopped');
  t.ok(waited >= 200 && waited < 5_000, `${waited} ms`);
});

/** A recorder that was killed with unpublished events in its ring, as the threads see it that hear of its end. */
async function deadRecorder(t: Test): Promise<{ arena: Arena; load: Load; dead: number; burier: Worker }> {
  const arena = makeArena();
  const load = new Load(arena);
  const recorder = new Recorder(arena, 'fold');
  for (let event = 1; event <= 40; event++) load.record(recorder, 'COUNTER_ADD', event);
  const [shard] = openShards(arena);
  const dead = 999;
  arena.i32[int(shard.base + SHARD.OWNER)] = threadMark(dead);
  t.teardown(() => recorder.close());
  return { arena, load, dead, burier: await startDrainer(arena) };
}

test('two threads clean up after the same ended thread, while others reuse its slot', async (t) => {
  // each shard has one owner, nothing is lost       allowed
  // the second burier frees the new owner's shard   FORBIDDEN   two threads would write one ring
  const { arena, load, dead, burier } = await deadRecorder(t);
  const stopper = await Stopper.of(burier);
  await stopper.stopAt('src/arena/shard.js', 'layout_1.SHARD.PUBLISHED), this.head)');
  const buried = ask(burier, 'bury', { ended: dead });
  await stopper.stopped();
  cleanUpAfterThread(openShards(arena), dead);
  const next = [new Recorder(arena, 'fold'), new Recorder(arena, 'fold')];
  load.record(next[0], 'COUNTER_ADD', 1);
  stopper.release();
  await buried;
  for (let event = 1; event <= 50; event++) load.record(next[event & 1], 'COUNTER_ADD', event);
  t.not(next[0].own?.number, next[1].own?.number, 'each has a shard of its own');
  for (const recorder of next) recorder.publish();
  new Drainer(arena, threadMark(0)).drainAll();
  t.same(load.problems(), []);
  for (const recorder of next) recorder.close();
  stopper.close();
  await burier.terminate();
});

test('a thread that dies while it cleans up after another is cleaned up together with it', async (t) => {
  const { arena, load, dead, burier } = await deadRecorder(t);
  const { threadId } = burier;
  const [shard] = openShards(arena);
  arena.i32[shard.lock] = threadMark(dead);
  const stopper = await Stopper.of(burier);
  await stopper.stopAt('src/arena/shard.js', 'this.free();');
  burier.postMessage({ task: 'bury', ended: dead });
  await stopper.stopped();
  await stopper.kill(burier);
  cleanUpAfterThread(openShards(arena), dead);
  cleanUpAfterThread(openShards(arena), threadId);
  t.equal(arena.i32[shard.lock], 0, 'the lock is free');
  t.equal(shard.owner, 0, 'the shard is free');
  new Drainer(arena, threadMark(0)).drainAll();
  t.same(load.problems(), []);
});
