import { test } from 'tap';
import { SHARD } from '../../dist/src/arena/layout.js';
import { cleanUpAfterThread, openShards, threadMark } from '../../dist/src/arena/shard.js';
import { Drainer } from '../../dist/src/drain/drain.js';
import { Recorder } from '../../dist/src/instruments/recorder.js';
import { begin, KINDS, type Kind, Load, makeArena, startDrainer } from './bench';

// Positions and epochs are 32-bit numbers that wrap, as signed numbers after 2^31 and as what they stand for after 2^32.
// every event is folded once, in its lap   allowed
// less                                     FORBIDDEN   an event was overwritten before it was read
// more                                     FORBIDDEN   a slot was read twice, or before it was rewritten

const WRAPS = [2 ** 31, 2 ** 32];
const MIXED = 'every kind in turn';
const LOADS: readonly (Kind | typeof MIXED)[] = [...KINDS, MIXED];
const kindOf = (load: Kind | typeof MIXED, event: number): Kind => (load === MIXED ? KINDS[event % 5] : load);

for (const wrap of WRAPS)
  for (const load of LOADS)
    test(`${load}, while another thread drains, across position ${wrap}`, async (t) => {
      const arena = makeArena();
      const [shard] = openShards(arena);
      const first = wrap - 900;
      begin(shard, first);
      const bench = new Load(arena);
      arena.i32[bench.gauge.series.epoch] = (wrap - 200) | 0;
      const drainer = await startDrainer(arena, true);
      const { threadId } = drainer;
      const recorder = new Recorder(arena, 'fold');
      const events = 1_800;
      for (let event = 1; event <= events; event++) {
        bench.record(recorder, kindOf(load, event), event);
        // now and then the consumer catches up completely, so that most events go through the ring
        if (event % 61 === 0) {
          recorder.publish();
          while (shard.folded - first + shard.count(SHARD.FOLDED_IN_PLACE) < event);
        }
      }
      recorder.publish();
      await drainer.terminate();
      cleanUpAfterThread(openShards(arena), threadId);
      new Drainer(arena, threadMark(0)).drainAll();
      t.same(bench.problems(), []);
      t.ok(shard.folded > wrap, `the ring went past ${wrap}`);
      const inPlace = shard.count(SHARD.FOLDED_IN_PLACE);
      t.equal(shard.folded - first + inPlace, events, `${inPlace} of ${events} folded in place`);
      recorder.close();
    });

for (const wrap of WRAPS)
  for (const onFull of ['fold', 'drop'] as const)
    test(`a ring that is full, empty and full again at every place around ${wrap} (onFull: '${onFull}')`, async (t) => {
      for (let before = 0; before < 200; before += 7) {
        const arena = makeArena();
        const [shard] = openShards(arena);
        const first = wrap - before;
        begin(shard, first);
        const bench = new Load(arena);
        const recorder = new Recorder(arena, onFull);
        const drainer = new Drainer(arena, threadMark(0));
        let events = 0;
        for (let lap = 0; lap < 6; lap++) {
          // to the brim, and in every other lap over it
          const size = onFull === 'drop' || lap % 2 === 0 ? 64 : 100;
          for (let event = 0; event < size; event++) bench.record(recorder, KINDS[events % 5], ++events);
          // one more than there is room for, when all that was wanted has been in
          if (onFull === 'drop' && lap === 5) recorder.record(0, 0, 1);
          recorder.publish();
          drainer.drainAll();
        }
        const problems = bench.problems();
        if (problems.length > 0) t.fail(`${before} before ${wrap}`, { problems });
        const held = shard.folded - first;
        const around = onFull === 'drop' ? shard.count(SHARD.DROPPED) : shard.count(SHARD.FOLDED_IN_PLACE);
        if (held + around !== events + (onFull === 'drop' ? 1 : 0) || shard.count(SHARD.HIGH_WATER) !== 64)
          t.fail(`${before} before ${wrap}: ${held} in the ring, ${around} around it`);
        recorder.close();
      }
      t.pass();
    });

for (const last of WRAPS)
  test(`two threads set and add to a gauge across epoch ${last}`, async (t) => {
    // the last set plus what was added since   allowed
    // anything else                            FORBIDDEN   an older epoch was taken for a newer one, or epoch 0 was used
    const arena = makeArena();
    const bench = new Load(arena);
    const { epoch } = bench.gauge.series;
    arena.i32[epoch] = (last - 20) | 0;
    const recorders = [new Recorder(arena, 'fold'), new Recorder(arena, 'fold')];
    const drainers = [new Drainer(arena, 1), new Drainer(arena, 2)];
    for (let step = 0; step < 200; step++) {
      const recorder = recorders[((step * 7) % 3) & 1];
      bench.record(recorder, step % 3 === 0 ? 'GAUGE_SET' : 'GAUGE_ADD', step);
      if (arena.i32[epoch] === 0) t.fail('epoch 0 is the beginning');
      for (const each of recorders) each.publish();
      drainers[step & 1].drainAll();
      const problems = bench.problems();
      if (problems.length > 0) t.fail(`step ${step}`, { problems });
    }
    for (const recorder of recorders) recorder.close();
  });
