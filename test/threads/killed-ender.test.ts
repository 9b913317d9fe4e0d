import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { test } from 'tap';
import { HEADER, int } from '../../dist/src/arena/layout.js';
import { SERIES_COUNT } from '../../dist/src/arena/lives.js';
import { cleanUpAfterThread, openShards, threadMark } from '../../dist/src/arena/shard.js';
import { Drainer } from '../../dist/src/drain/drain.js';
import { Recorder } from '../../dist/src/instruments/recorder.js';
import { columnCount } from '../../dist/src/kinds/kinds.js';
import { Lifetimes } from '../../dist/src/lifecycle/lifetimes.js';
import { SeriesList } from '../../dist/src/registry/series-list.js';
import { KINDS, Load, type Member, makeArena } from './bench';
import { Stopper } from './stopper';

// A thread that ends lives is stopped at a place, and killed there.
// each series in its old life, or in its new one   allowed
// half in one and half in the other                FORBIDDEN
// the lock still held, or the sequence odd         FORBIDDEN   nobody could remove anything any more

const END_LIFE = 'src/lifecycle/end-life.js';
const PLACES = [
  ['before it has a life to write to', 'src/arena/lives.js', 'Atomics.add(arena.i32, (0, layout_1.int)(family', 'true'],
  ['in the middle of a baseline', 'src/kinds/baseline.js', 'f64[at + word] = values[', 'word === 2'],
  ['before windows are cut', END_LIFE, 'const page = i32[table', 'true'],
  ['before the new life counts', END_LIFE, 'while (!(0, lives_1.changeState)(arena, life, state, bits))', 'true'],
  ['when the new life counts', END_LIFE, 'const wasHidden = ', 'true'],
  ['when a second life counts', END_LIFE, 'const wasHidden = ', '(state & 4) !== 0'],
] as const;

/** Count and sum, or the value. */
const shownOf = (columns: Float64Array, { definition: { type } }: Member): number[] => [
  ...columns.subarray(0, type === 'summary' ? 2 : columns.length),
];

for (const [name, file, line, when] of PLACES)
  for (const ending of ['remove', 'reset'] as const)
    test(`a thread that is to ${ending} is killed ${name}`, async (t) => {
      const arena = makeArena();
      const load = new Load(arena);
      const recorder = new Recorder(arena, 'fold');
      t.teardown(() => recorder.close());
      const members = [load.counter, load.gauge, load.histogram, load.summary];
      const drainer = new Drainer(arena, threadMark(0));
      const lifetimes = new Lifetimes(arena, drainer);
      const present = (marks: boolean): number[][] =>
        members.map((member) => {
          const columns = new Float64Array(columnCount(member.definition));
          const list = SeriesList.of({ ...member.series, column: 0, birth: 2 ** 30 });
          lifetimes.read(columns, list, member.definition, marks);
          return shownOf(columns, member);
        });
      const record = (): void => {
        for (const kind of KINDS) for (let value = 1; value <= 10; value++) load.record(recorder, kind, value);
        recorder.publish();
        drainer.drainAll();
      };
      const zeros = present(false);
      record();
      const once1 = present(false);
      const worker = new Worker(join(__dirname, '../fixtures/lives-task.cjs'), {
        workerData: { arena: arena.buffer },
        execArgv: [],
      });
      await once(worker, 'message');
      if (name.includes('second')) {
        worker.postMessage(ending);
        t.equal((await once(worker, 'message'))[0], 4);
        record();
      }
      const before = present(true);
      const stopper = await Stopper.of(worker);
      await stopper.stopAt(file, line, when);
      worker.postMessage(ending);
      await stopper.stopped();
      const { threadId } = worker;
      t.equal(arena.i32[int(HEADER.LIVES_LOCK)], threadMark(threadId), 'it has the lock');
      await stopper.kill(worker);
      cleanUpAfterThread(openShards(arena), threadId);
      t.equal(arena.i32[int(HEADER.LIVES_LOCK)], 0, 'the lock is free');
      t.equal(arena.i32[int(HEADER.LIVES)] & 1, 0);
      const gone = (index: number): string =>
        `${ending === 'reset' ? zeros[index] : zeros[index].map(() => Number.NaN)}`;
      present(true).forEach((columns, index) => {
        const type = members[index].definition.type;
        t.ok([`${before[index]}`, gone(index)].includes(`${columns}`), `${type}: ${columns} is one of both`);
      });
      // what is recorded next is added to what is left, and all can be removed
      const left = present(false);
      record();
      present(true).forEach((columns, index) => {
        // its `set` makes a gauge forget what was before
        const expected = index === 1 ? once1[1] : columns.map((_, at) => left[index][at] + once1[index][at]);
        t.same(columns, expected, members[index].definition.type);
      });
      for (const member of members) {
        const list = SeriesList.of({ ...member.series, column: 0, birth: 2 ** 30 });
        t.equal(lifetimes.endAll({ record: member.family, definition: member.definition }, list, 'remove'), 1);
        t.equal(lifetimes.endAll({ record: member.family, definition: member.definition }, list, 'remove'), 0);
      }
      t.ok(Math.abs(arena.i32[SERIES_COUNT]) <= 1, `${arena.i32[SERIES_COUNT]}: the number may be wrong by one`);
    });
