import { test } from 'tap';
import { HEADER } from '../../dist/src/arena/layout.js';
import { cleanUpAfterThread, openShards, threadMark } from '../../dist/src/arena/shard.js';
import { recover, takeOver, tryLock, unlock } from '../../dist/src/atomics/mutex.js';
import { Drainer } from '../../dist/src/drain/drain.js';
import { Recorder } from '../../dist/src/instruments/recorder.js';
import { VALUE_COLUMN } from '../../dist/src/kinds/counter.js';
import program from '../fixtures/program.cjs';
import { SEED } from '../instruments/support';
import { columnsOf, KINDS, Load, makeArena, startDrainer } from './bench';

// Small races, each with the outcomes it may and may not have.

test(`a lock whose owner died is recovered, with the completed work of the owner (RINGMETER_SEED=${SEED})`, async (t) => {
  // exact, whenever the owner was killed   allowed
  // less                                   FORBIDDEN   an event was taken out and not folded
  // more                                   FORBIDDEN   an event was folded, and again by the next owner
  // lock still held                        FORBIDDEN   nobody would ever drain again
  const next = program.random(SEED);
  const arena = makeArena(4096);
  const load = new Load(arena);
  const recorder = new Recorder(arena, 'fold');
  t.teardown(() => recorder.close());
  const [shard, ...others] = openShards(arena);
  const drainer = new Drainer(arena, threadMark(0));
  let killedInside = 0;
  for (let round = 0; round < 15; round++) {
    const worker = await startDrainer(arena, true);
    const { threadId } = worker;
    const deadline = performance.now() + next() * 10;
    while (performance.now() < deadline) load.record(recorder, KINDS[Math.floor(next() * KINDS.length)], round);
    recorder.publish();
    await worker.terminate();
    if (arena.i32[shard.lock] === threadMark(threadId)) killedInside++;
    cleanUpAfterThread([shard, ...others], threadId);
    if (arena.i32[shard.lock] !== 0) t.fail('the lock is not free');
    drainer.drainAll();
    const problems = load.problems();
    if (problems.length > 0) t.fail(`round ${round}`, { problems });
  }
  t.comment(`${killedInside} of 15 owners killed while they held the lock`);
  t.equal(shard.head | 0, shard.folded | 0, 'nothing is left in the ring');
});

test('only the end of the owner frees its lock, and exactly one thread takes it over', async (t) => {
  // recovered for the dead owner's mark   allowed
  // recovered for any other mark          FORBIDDEN   two threads would fold the same events
  // taken over twice                      FORBIDDEN   likewise
  const word = new Int32Array(new SharedArrayBuffer(8));
  t.ok(tryLock(word, 0, 7));
  t.notOk(recover(word, 0, 8), 'another thread died');
  t.notOk(takeOver(word, 0, 8, 9), 'another thread died');
  t.notOk(tryLock(word, 0, 8), 'still held');
  t.ok(takeOver(word, 0, 7, 9));
  t.notOk(takeOver(word, 0, 7, 10), 'somebody else has done so');
  t.notOk(recover(word, 0, 7));
  t.notOk(tryLock(word, 0, 8), 'held by who took it over');
  t.ok(recover(word, 0, 9));
  t.ok(tryLock(word, 0, 8));
  unlock(word, 0);
});

test('slots are reused by later threads, and keep the earlier records', async (t) => {
  // what all threads recorded added up, two slots   allowed
  // more slots than threads at once                 FORBIDDEN   ended threads would use up maxThreads
  // something missing                               FORBIDDEN   the next owner began at the wrong position
  const arena = makeArena(64, 2);
  const load = new Load(arena);
  for (let round = 0; round < 50; round++) {
    const recorders = [new Recorder(arena, 'fold'), new Recorder(arena, 'fold')];
    // every third round the rings are full, in the others there is something left in them
    for (let event = 0; event < (round % 3 === 1 ? 97 : 21); event++)
      for (const recorder of recorders) load.record(recorder, KINDS[(event + round) % KINDS.length], event);
    // they close, or end without a word and are buried by who saw them end
    if (round % 2 === 0) for (const recorder of recorders) recorder.close();
    else cleanUpAfterThread(openShards(arena), 0);
    if (round % 3 === 0) new Drainer(arena, threadMark(0)).drainAll();
    for (const recorder of recorders) recorder.close();
  }
  new Drainer(arena, threadMark(0)).drainAll();
  t.same(load.problems(), []);
  t.equal(arena.counted(HEADER.LOST), 0, 'no thread was left without a slot');
});

test('a gauge set by one thread and added to by another', async (t) => {
  // A: set 10, then set 20.  B: add 1 (before, between or after the sets, folded in any order)
  // 20, 21   allowed     the last set wins; the addition counts if it came after it
  // else     FORBIDDEN
  const seen = new Set<number>();
  for (const addAt of [0, 1, 2])
    for (const first of ['A', 'B'] as const)
      for (const between of [false, true]) {
        const arena = makeArena();
        const load = new Load(arena);
        const threads = { A: new Recorder(arena, 'fold'), B: new Recorder(arena, 'fold') };
        const drainer = new Drainer(arena, threadMark(0));
        const drain = (who: 'A' | 'B'): void => {
          threads[who].publish();
          drainer.withDrained(threads[who].own === undefined ? [] : [threads[who].own], 0, () => {});
        };
        for (const step of [0, 1, 2]) {
          if (addAt === step) load.record(threads.B, 'GAUGE_ADD', 1);
          if (step < 2) load.record(threads.A, 'GAUGE_SET', 10 * (step + 1));
          if (between) drain(first);
        }
        drain(first);
        drain(first === 'A' ? 'B' : 'A');
        const value = columnsOf(arena, load.gauge)[VALUE_COLUMN];
        t.equal(value, addAt === 2 ? 21 : 20, `add at ${addAt}, ${first} folded first, between: ${between}`);
        seen.add(value);
        for (const recorder of Object.values(threads)) recorder.close();
      }
  t.same([...seen].sort(), [20, 21], 'both outcomes were seen');
});
