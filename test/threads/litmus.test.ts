import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { test } from 'tap';
import { Catalog } from '../../dist/src/aggregate/catalog.js';
import type { Definition } from '../../dist/src/aggregate/definition.js';
import { Drainer } from '../../dist/src/aggregate/drain.js';
import { registerFamily, registerSeries } from '../../dist/src/aggregate/register.js';
import { Arena } from '../../dist/src/arena/arena.js';
import { HEADER, int, OPERATION, OPERATION_SHIFT, SHARD } from '../../dist/src/arena/layout.js';
import { buryThread, openShards, threadMark } from '../../dist/src/arena/shard.js';
import { recover, tryLock, unlock } from '../../dist/src/atomics/mutex.js';
import { Recorder } from '../../dist/src/instruments/recorder.js';
import { addedUp } from '../aggregate/bench';

// Small races, each with the outcomes it may and may not have.

const COUNTER: Definition = {
  name: 'litmus_total',
  type: 'counter',
  description: '',
  unit: '',
  labelNames: null,
  buckets: [],
  quantiles: [],
  maxAge: 600,
  maxSamples: 1000,
};

function makeArena(ringCapacity = 64, maxThreads = 4): Arena {
  return Arena.create({ maker: 1, maxMemory: 16 * 2 ** 20, maxThreads, ringCapacity, settings: {} });
}

/** A counter without labels, and how to add to it and to read it. */
const usedShards = (arena: Arena) => openShards(arena).filter((shard) => shard.ring !== 0);

function makeCounter(arena: Arena) {
  const family = registerFamily(arena, COUNTER);
  const { series } = registerSeries(arena, family, COUNTER, { labels: [], limit: 10, beyond: () => [] });
  const code = (OPERATION.COUNTER_ADD << OPERATION_SHIFT) | series.id;
  const read = (): number => addedUp(arena, usedShards(arena), series, COUNTER)[0];
  return { code, read };
}

function start(fixture: string, workerData: object): Worker {
  const worker = new Worker(join(__dirname, '../fixtures', fixture), { workerData, execArgv: [] });
  worker.on('error', () => {});
  return worker;
}

test('publishing and consuming around the wrap of the positions', async (t) => {
  // sum of 1..n added exactly once   allowed     every event is read after its publication, in its lap
  // less                             FORBIDDEN   an event was overwritten before it was read
  // more                             FORBIDDEN   a slot was read twice, or before it was rewritten
  for (const wrap of [2 ** 31, 2 ** 32]) {
    const arena = makeArena();
    const [shard] = openShards(arena);
    t.ok(shard.claim(1), 'the shard has its ring');
    shard.release(1);
    const begin = wrap - 10_000;
    arena.i32[int(shard.base + SHARD.HEAD)] = begin | 0;
    arena.f64[shard.base + SHARD.FOLDED] = begin;
    Atomics.store(arena.i32, int(shard.base + SHARD.PUBLISHED), begin | 0);
    Atomics.store(arena.i32, int(shard.base + SHARD.FREED), begin | 0);
    const { code, read } = makeCounter(arena);
    const drainer = start('drainer.cjs', { arena: arena.buffer });
    const { threadId } = drainer;
    await once(drainer, 'message');
    const recorder = new Recorder(arena, 'fold');
    const events = 20_000;
    for (let value = 1; value <= events; value++) {
      recorder.record(code, 0, value);
      // now and then the consumer catches up completely, so that most events go through the ring
      if (value % 61 === 0) {
        recorder.publish();
        while (shard.folded - begin + shard.count(SHARD.FOLDED_IN_PLACE) < value);
      }
    }
    recorder.publish();
    await drainer.terminate();
    buryThread(arena, openShards(arena), threadId);
    new Drainer(arena, threadMark(0)).drainAll();
    t.equal(read(), (events * (events + 1)) / 2, `across ${wrap}`);
    const inPlace = shard.count(SHARD.FOLDED_IN_PLACE);
    t.equal(shard.folded - begin + inPlace, events, `${inPlace} of ${events} folded in place`);
    t.ok(shard.folded > wrap, 'the ring went past the wrap');
    recorder.close();
  }
});

test('a lock whose owner died is recovered, with what the owner had done', async (t) => {
  // sum exact, whenever the owner was killed   allowed
  // less                                       FORBIDDEN   an event was taken out and not folded
  // more                                       FORBIDDEN   an event was folded, and again by the next owner
  // lock still held                            FORBIDDEN   nobody would ever drain again
  const arena = makeArena(4096);
  const { code, read } = makeCounter(arena);
  const recorder = new Recorder(arena, 'fold');
  t.teardown(() => recorder.close());
  const shards = openShards(arena);
  const drainer = new Drainer(arena, threadMark(0));
  let expected = 0;
  let killedInside = 0;
  for (let round = 0; round < 60; round++) {
    const worker = start('drainer.cjs', { arena: arena.buffer });
    const { threadId } = worker;
    await once(worker, 'message');
    const deadline = performance.now() + Math.random() * 10;
    while (performance.now() < deadline) {
      recorder.record(code, 0, 1);
      expected++;
    }
    recorder.publish();
    await worker.terminate();
    if (arena.i32[shards[0].lock] === threadMark(threadId)) killedInside++;
    buryThread(arena, shards, threadId);
    t.equal(arena.i32[shards[0].lock], 0, 'the lock is free');
    drainer.drainAll();
    if (read() !== expected) t.fail(`round ${round}: ${read()} instead of ${expected}`);
  }
  t.equal(read(), expected, `${expected} events, ${killedInside} of 60 owners killed while they held the lock`);
  t.ok(killedInside > 0, 'some owners were killed inside');
});

test('only the death of the owner frees its lock', (t) => {
  // recovered for the dead owner's mark   allowed
  // recovered for any other mark          FORBIDDEN   two threads would fold the same events
  const word = new Int32Array(new SharedArrayBuffer(8));
  t.ok(tryLock(word, 0, 7));
  t.notOk(recover(word, 0, 8), 'another thread died');
  t.notOk(tryLock(word, 0, 8), 'still held');
  t.ok(recover(word, 0, 7));
  t.ok(tryLock(word, 0, 8));
  unlock(word, 0);
  t.end();
});

test('slots are reused by threads that come and go, and keep what was recorded', async (t) => {
  // counts of all threads added up, two slots   allowed
  // more slots than threads at once             FORBIDDEN   ended threads would use up maxThreads
  // a count missing                             FORBIDDEN   the next owner began at the wrong position
  const arena = makeArena(64, 2);
  const { code, read } = makeCounter(arena);
  let expected = 0;
  for (let round = 0; round < 50; round++) {
    const recorders = [new Recorder(arena, 'fold'), new Recorder(arena, 'fold')];
    for (const recorder of recorders)
      for (let event = 0; event < 97 + round; event++) {
        recorder.record(code, 0, 1);
        expected++;
      }
    if (round % 3 === 0) new Drainer(arena, threadMark(0)).drainAll();
    // every other round the threads end without a word, and are buried by who saw them end
    if (round % 2 === 0) for (const recorder of recorders) recorder.close();
    else buryThread(arena, openShards(arena), 0);
    if (round % 2 === 1) for (const recorder of recorders) recorder.close();
  }
  new Drainer(arena, threadMark(0)).drainAll();
  t.equal(read(), expected);
  t.equal(arena.readWide(HEADER.LOST), 0, 'no thread was left without a slot');
  t.end();
});

test('the same series registered by several threads at once is one series', async (t) => {
  // every thread gets the same id for the same labels, listed once   allowed
  // two ids for one label set                                        FORBIDDEN   its value would be split
  // a series listed twice, or not at all                             FORBIDDEN
  // threads killed half way change none of this
  for (let round = 0; round < 4; round++) {
    const arena = makeArena();
    const gate = new SharedArrayBuffer(4);
    const series = 300;
    const workers = [1, 2, 3, 4].map((seed) =>
      start('registrar.cjs', { arena: arena.buffer, definition: COUNTER, seed: seed + round * 10, series, gate }),
    );
    await Promise.all(workers.map((worker) => once(worker, 'message')));
    const answers = workers.slice(0, 3).map((worker) => once(worker, 'message'));
    const victim = workers[3];
    Atomics.store(new Int32Array(gate), 0, 1);
    await sleep(Math.random() * 4);
    await victim.terminate();
    const [[first], ...others] = await Promise.all(answers);
    for (const [other] of others) t.same(other, first, 'the same ids');
    const ids = Object.values(first.ids as Record<string, number>);
    t.equal(new Set(ids).size, series, 'each its own');
    const catalog = new Catalog(arena);
    catalog.refresh();
    t.equal(catalog.families.length, 1);
    const listed = catalog.families[0].series;
    t.same([...listed.ids.subarray(0, listed.count)].sort(), ids.sort(), 'all listed, once');
    t.equal(new Set(listed.columns.subarray(0, listed.count)).size, series, 'columns are their own');
  }
});

test('a gauge set by one thread and added to by another', (t) => {
  // A: set 10, then set 20.  B: add 1 (before, between or after the sets, folded in any order)
  // 20, 21   allowed     the last set wins; the addition counts if it came after it
  // else     FORBIDDEN
  const gauge: Definition = { ...COUNTER, name: 'g', type: 'gauge' };
  const seen = new Set<number>();
  for (const addAt of [0, 1, 2])
    for (const foldFirst of ['A', 'B'])
      for (const between of [false, true]) {
        const arena = makeArena();
        const { series } = registerSeries(arena, registerFamily(arena, gauge), gauge, {
          labels: [],
          limit: 10,
          beyond: () => [],
        });
        const set = (OPERATION.GAUGE_SET << OPERATION_SHIFT) | series.id;
        const add = (OPERATION.GAUGE_ADD << OPERATION_SHIFT) | series.id;
        const threads = { A: new Recorder(arena, 'fold'), B: new Recorder(arena, 'fold') };
        const drain = (who: 'A' | 'B'): void => {
          threads[who].publish();
          new Drainer(arena, 1).withDrained(
            [threads[who].own].flatMap((shard) => shard ?? []),
            0,
            () => {},
          );
        };
        for (const step of [0, 1, 2]) {
          if (addAt === step) threads.B.record(add, arena.i32[series.epoch], 1);
          if (step < 2) threads.A.record(set, Atomics.add(arena.i32, series.epoch, 1) + 1, 10 * (step + 1));
          if (between) drain(foldFirst as 'A' | 'B');
        }
        drain(foldFirst as 'A' | 'B');
        drain(foldFirst === 'A' ? 'B' : 'A');
        const [value] = addedUp(arena, usedShards(arena), series, gauge);
        t.equal(value, addAt === 2 ? 21 : 20, `add at ${addAt}, ${foldFirst} folded first, between: ${between}`);
        seen.add(value);
        threads.A.close();
        threads.B.close();
      }
  t.same([...seen].sort(), [20, 21], 'both outcomes were seen');
  t.end();
});
