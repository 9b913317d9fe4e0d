import { test } from 'tap';
import { openShards, threadMark } from '../../dist/src/arena/shard.js';
import { Drainer } from '../../dist/src/drain/drain.js';
import { Recorder } from '../../dist/src/instruments/recorder.js';
import program from '../fixtures/program.cjs';
import { SEED } from '../instruments/support';
import { ask, begin, KINDS, Load, makeArena, startDrainer } from './bench';

// An owner does not say with each event how far it has come: whoever wants to know finds it in the ring.

const CAPACITY = 64;
/** Positions from which the first laps are, and those in which they wrap. */
const STARTS = [0, 1, 63, 64, 2 ** 31 - 200, 2 ** 32 - 200];

for (const first of STARTS)
  test(`every event is found at once, in every lap from position ${first} on (RINGMETER_SEED=${SEED})`, (t) => {
    const next = program.random(SEED + first);
    const arena = makeArena(CAPACITY);
    const [shard] = openShards(arena);
    begin(shard, first);
    const load = new Load(arena);
    const drainer = new Drainer(arena, threadMark(0));
    let recorder = new Recorder(arena, 'drop');
    const wrong: string[] = [];
    let recorded = 0;
    for (let step = 0; step < 400; step++) {
      const waiting = first + recorded - shard.folded;
      for (let count = Math.floor(next() * (CAPACITY + 1 - waiting)); count > 0; count--) {
        load.record(recorder, KINDS[recorded % KINDS.length], ++recorded);
        const found = (shard.head - (first + recorded)) | 0;
        if (found !== 0) wrong.push(`after event ${recorded}: ${found}`);
      }
      if (next() < 0.3) recorder.publish();
      // the next owner goes on where this one was
      if (next() < 0.1) {
        recorder.close();
        recorder = new Recorder(arena, 'drop');
      }
      if (next() < 0.7) drainer.drainAll();
      if (((shard.head - (first + recorded)) | 0) !== 0) wrong.push(`in step ${step}`);
    }
    recorder.close();
    drainer.drainAll();
    t.same(wrong, []);
    t.same(load.problems(), []);
    t.ok(recorded > 20 * CAPACITY, `${recorded} events`);
    t.end();
  });

test('a thread that reads a ring while another one writes sees no event that was not recorded', async (t) => {
  // from what was published before to the event under way   allowed
  // less                                                    FORBIDDEN   what a blocked thread recorded would be missing
  // more                                                    FORBIDDEN   a slot's old event would be taken for the next
  const arena = makeArena(256);
  const [shard] = openShards(arena);
  const first = 2 ** 32 - 100_000;
  begin(shard, first);
  const load = new Load(arena);
  const recorder = new Recorder(arena, 'fold');
  const watcher = await startDrainer(arena);
  const progress = new Int32Array(new SharedArrayBuffer(4));
  const events = 300_000;
  const watched = ask<{ looks: number; wrong: object }>(watcher, 'watch', { first: first | 0, progress, events });
  let inRing = 0;
  for (let event = 1; inRing < events; event++) {
    load.record(recorder, KINDS[event % KINDS.length], event);
    // what was folded in place is in no slot
    inRing = (shard.head - (first | 0)) | 0;
    Atomics.store(progress, 0, inRing);
  }
  recorder.publish();
  const { looks, wrong } = await watched;
  t.same(wrong, { behind: 0, ahead: 0 }, `${looks} looks`);
  recorder.close();
  await watcher.terminate();
  new Drainer(arena, threadMark(0)).drainAll();
  t.same(load.problems(), []);
});
