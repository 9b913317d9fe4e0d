import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { test } from 'tap';
import { SnapshotRing } from '../../dist/src/snapshot/snapshot-ring.js';
import { SEED } from '../instruments/support';

/** One kept snapshot as a plain array would have it. */
interface Kept {
  timestamp: number;
  tag: number;
  values: number[];
}

const BYTES = 4096;
/** Words of the ring of a history of that size, and words of an entry beside its values: see snapshot-ring.ts. */
const CAPACITY = BYTES / 8 - 8;
const ENTRY_WORDS = 4;
const HALF = Math.floor(CAPACITY / 2) - ENTRY_WORDS;

const contentOf = (history: SnapshotRing): Kept[] =>
  [...history.entries()].map(({ timestamp, tag, values }) => ({ timestamp, tag, values: [...values] }));

const append = fc.record({ kind: fc.constant('append' as const), length: fc.nat(HALF) });
const expire = fc.record({ kind: fc.constant('expire' as const), age: fc.nat(30), most: fc.nat(12) });
const reopen = fc.record({ kind: fc.constant('reopen' as const) });
const operation = fc.oneof(
  { weight: 8, arbitrary: append },
  { weight: 1, arbitrary: expire },
  { weight: 1, arbitrary: reopen },
);

test(`a history is a plain array that forgets its oldest entries (RINGMETER_SEED=${SEED})`, async (t) => {
  fc.assert(
    fc.property(fc.array(operation, { minLength: 50, maxLength: 200, size: 'max' }), (operations) => {
      const buffer = new SharedArrayBuffer(BYTES);
      let history = new SnapshotRing(new Float64Array(buffer));
      let model: Kept[] = [];
      operations.forEach((operation, now) => {
        if (operation.kind === 'reopen') history = new SnapshotRing(new Float64Array(buffer));
        else if (operation.kind === 'expire') {
          const { age, most } = operation;
          history.expire(now - age, most);
          while (model.length > 0 && (model[0].timestamp < now - age || model.length > most)) model.shift();
        } else {
          const values = Array.from({ length: operation.length }, (_, index) => now * 1000 + index);
          if (history.append(now, now * 2, Float64Array.from(values)) === undefined)
            throw new Error('it would have fitted');
          model.push({ timestamp: now, tag: now * 2, values });
          const kept = contentOf(history).length;
          wasteless(model, kept);
          model = model.slice(model.length - kept);
        }
        t.same(contentOf(history), model);
      });
      return t.passing();
    }),
    { seed: SEED, numRuns: 40 },
  );
});

/** No more was forgotten than had to be: one more entry would not fit, even where no space is lost at the ring's end. */
function wasteless(model: readonly Kept[], kept: number): void {
  if (kept === 0) throw new Error('the new entry was forgotten');
  if (kept === model.length) return;
  const words = (entry: Kept): number => ENTRY_WORDS + entry.values.length;
  const needed = model.slice(-kept - 1).reduce((sum, entry) => sum + words(entry), 0);
  // at the end of the ring at most one entry's length is left empty, on either side of the wrap
  const lost = 2 * Math.max(...model.slice(-kept - 1).map(words));
  if (needed + lost <= CAPACITY) throw new Error(`${kept + 1} entries of ${needed} words would have fitted`);
}

test('the ring wraps many times without losing an entry that fits', async (t) => {
  const history = new SnapshotRing(new Float64Array(new SharedArrayBuffer(BYTES)));
  for (let round = 0; round < 5_000; round++) {
    const length = 40 + (round % 7);
    t.type(history.append(round, round, new Float64Array(length).fill(round)), 'number');
    const content = contentOf(history);
    const newest = content.at(-1)!;
    if (newest.timestamp !== round || newest.values.length !== length || newest.values.some((value) => value !== round))
      t.fail(`round ${round}: the newest entry is wrong`);
    if (round > 20 && content.length < 9) t.fail(`round ${round}: only ${content.length} entries are kept`);
    if (content.some(({ timestamp }, index) => timestamp !== round - content.length + 1 + index))
      t.fail(`round ${round}: ${content.map(({ timestamp }) => timestamp)}`);
  }
});

test('a ring that was empty and begins again has room for as much as ever', async (t) => {
  const history = new SnapshotRing(new Float64Array(new SharedArrayBuffer(BYTES)));
  const values = new Float64Array(100 - ENTRY_WORDS);
  for (let round = 0; round < 50; round++) {
    history.rewind();
    history.append(round, 1, values);
    history.dropOldest();
  }
  for (let waiting = 1; waiting <= 5; waiting++) {
    t.equal(history.roomFor(values.length), 6 - waiting);
    history.rewind();
    history.append(waiting, 1, values);
    t.equal(contentOf(history).length, waiting, `${waiting} wait`);
  }
  t.equal(history.end - history.oldest, 500, 'and nothing but they takes room');
});

test('a ring that keeps little begins again only where it has room enough', async (t) => {
  const memory = new Float64Array(new SharedArrayBuffer(BYTES));
  const history = new SnapshotRing(memory);
  for (let round = 0; round < 1_000; round++) {
    history.rewind(150);
    history.append(round, 1, new Float64Array(7).fill(1));
    history.expire(round - 4, 5);
    t.same(
      contentOf(history).map(({ timestamp }) => timestamp),
      [4, 3, 2, 1, 0].map((ago) => round - ago).filter((time) => time >= 0),
    );
  }
  t.ok(memory.findLastIndex((word) => word !== 0) < 250, 'most was never touched');
});

test('an entry may fill the whole ring; one that is larger is refused and changes nothing', async (t) => {
  const history = new SnapshotRing(new Float64Array(new SharedArrayBuffer(BYTES)));
  const most = CAPACITY - ENTRY_WORDS;
  t.type(history.append(1, 1, new Float64Array(most).fill(7)), 'number');
  t.equal(history.append(2, 2, new Float64Array(most + 1)), undefined);
  t.same(
    contentOf(history).map(({ timestamp, values }) => [timestamp, values.length]),
    [[1, most]],
  );
  t.type(history.append(3, 3, new Float64Array(most).fill(8)), 'number', 'once more, now the first has to go');
  t.same(
    contentOf(history).map(({ timestamp, values }) => [timestamp, values[0]]),
    [[3, 8]],
  );
  t.type(history.append(4, 4, new Float64Array(0)), 'number', 'a snapshot of nothing is a snapshot');
});

test('a snapshot of more than half the ring behind a shorter one does not hang the thread', async (t) => {
  // in a thread of its own: the loop is endless, and holds the flush lease in a real collector
  const worker = new Worker(
    `const { SnapshotRing } = require(${JSON.stringify(require.resolve('../../dist/src/snapshot/snapshot-ring.js'))});
       const history = new SnapshotRing(new Float64Array(new SharedArrayBuffer(${BYTES})));
       history.append(1, 1, new Float64Array(200));
       history.append(2, 2, new Float64Array(350));
       require('node:worker_threads').parentPort.postMessage([...history.entries()].map(({ timestamp }) => timestamp));`,
    { eval: true },
  );
  t.teardown(() => worker.terminate());
  const kept = await new Promise((resolve) => {
    worker.once('message', resolve);
    setTimeout(resolve, 5_000, 'nothing within 5 s').unref();
  });
  t.same(kept, [2]);
});

test('a ring that begins at its beginning again has room for as much as a new one', async (t) => {
  const history = new SnapshotRing(new Float64Array(BYTES / 8));
  const append = (timestamp: number): void => void history.append(timestamp, 1, new Float64Array(HALF));
  const kept = (): number[] => contentOf(history).map(({ timestamp }) => timestamp);
  append(1);
  history.dropOldest();
  history.rewind();
  append(2);
  append(3);
  t.same(kept(), [2, 3]);
  t.equal(history.end - history.oldest, 2 * (ENTRY_WORDS + HALF), 'and says so');
});
