import fc from 'fast-check';
import { test } from 'tap';
import { VALUE_COLUMN } from '../../dist/src/kinds/counter.js';
import { SEED } from '../instruments/support';
import { FoldBench } from './bench';

/** One event of one thread, as it stands in that thread's ring. */
interface Event {
  operation: 'GAUGE_SET' | 'GAUGE_ADD';
  epoch: number;
  value: number;
}
const set = (epoch: number, value: number): Event => ({ operation: 'GAUGE_SET', epoch, value });
const add = (epoch: number, value: number): Event => ({ operation: 'GAUGE_ADD', epoch, value });

/** Every way to fold the rings of several threads, each in its own order; as lists of thread numbers. */
function* interleavings(lengths: readonly number[], done: number[] = []): Generator<number[]> {
  if (lengths.every((length) => length === 0)) yield done;
  for (const [thread, length] of lengths.entries())
    if (length > 0) yield* interleavings(lengths.with(thread, length - 1), [...done, thread]);
}

/** The value after each event, when the threads' events are folded in this order. */
function valuesAlong(threads: readonly Event[][], order: readonly number[], overflow: number): number[] {
  const bench = new FoldBench('gauge', {}, threads.length);
  const next = threads.map(() => 0);
  return order.map((thread, step) => {
    const { operation, epoch, value } = threads[thread][next[thread]++];
    // a thread's events go through its ring until that is full, then around it: two places, one order each
    bench.fold(operation, value, { shard: thread, epoch, overflow: ((overflow >> step) & 1) === 1 });
    return bench.merged()[VALUE_COLUMN];
  });
}

interface Litmus {
  name: string;
  threads: Event[][];
  /** What the gauge is when everything has been folded: one value, whatever the order. */
  final: number;
  /** What else it may show on the way; each is a value that the gauge had, or would have if the rest came later. */
  onTheWay: number[];
  /** Values that would be wrong, and why. */
  forbidden: [value: number, why: string][];
}

const litmus: Litmus[] = [
  {
    name: 'additions of two threads',
    threads: [
      [add(0, 1), add(0, 2)],
      [add(0, 10), add(0, 20)],
    ],
    final: 33,
    onTheWay: [1, 3, 10, 11, 13, 30, 31],
    forbidden: [[0, 'the first addition was folded']],
  },
  {
    name: 'the later of two sets wins, whichever arrives first',
    threads: [[set(1, 5)], [set(2, 7)]],
    final: 7,
    onTheWay: [5],
    forbidden: [[12, 'sets are not added up']],
  },
  {
    name: 'an addition after a set of another thread counts on top of it',
    threads: [[set(1, 100)], [add(1, 1)]],
    final: 101,
    onTheWay: [100, 1],
    forbidden: [],
  },
  {
    name: 'an addition from before a set of another thread does not count after it',
    threads: [[set(1, 100)], [add(0, 1)]],
    final: 100,
    onTheWay: [1],
    forbidden: [[101, 'the set came later than the addition']],
  },
  {
    name: 'additions around the set of another thread',
    threads: [
      [add(0, 1), set(1, 100), add(1, 2)],
      [add(0, 10), add(1, 20)],
    ],
    final: 122,
    onTheWay: [1, 10, 11, 30, 31, 100, 102, 120],
    forbidden: [
      [110, 'an addition of before the set'],
      [132, 'an addition of before the set'],
      [133, 'all of it'],
    ],
  },
  {
    name: 'two threads set in turn and add to what they set',
    threads: [
      [set(1, 100), add(1, 1), set(3, 300), add(3, 3)],
      [set(2, 200), add(2, 2), add(3, 30)],
    ],
    final: 333,
    onTheWay: [100, 101, 200, 202, 232, 131, 130, 300, 303, 330],
    forbidden: [[304, 'an addition of epoch 1']],
  },
  {
    name: 'a set back to the same value begins anew',
    threads: [
      [set(1, 0), add(1, 5), set(2, 0)],
      [add(1, 50), add(2, 1)],
    ],
    final: 1,
    onTheWay: [0, 5, 50, 55, 51, 56],
    forbidden: [],
  },
];

for (const { name, threads, final, onTheWay, forbidden } of litmus)
  test(`gauge litmus: ${name}`, async (t) => {
    const seen = new Set<number>();
    let orders = 0;
    for (const order of interleavings(threads.map(({ length }) => length)))
      for (const overflow of [0, 2 ** 16 - 1]) {
        const values = valuesAlong(threads, order, overflow);
        for (const value of values.slice(0, -1)) seen.add(value);
        if (values.at(-1) !== final) t.fail(`${order} ends at ${values.at(-1)} instead of ${final}`);
        orders++;
      }
    t.comment(`${orders} orders, seen on the way: ${[...seen].join(' ')}`);
    for (const value of seen) t.ok([final, ...onTheWay].includes(value), `${value} is allowed`);
    for (const [value, why] of forbidden) t.notOk(seen.has(value), `${value}: ${why}`);
  });

/** Threads that set and add at random. An addition may be stamped with an epoch that has just passed. */
function threadsOf(steps: readonly { thread: number; sets: boolean; late: boolean; value: number }[]): Event[][] {
  const threads: Event[][] = [[], [], []];
  let epoch = 0;
  for (const { thread, sets, late, value } of steps) {
    const own = threads[thread];
    if (sets) own.push(set(++epoch, value));
    else own.push(add(late ? Math.max(own.at(-1)?.epoch ?? 0, epoch - 1) : epoch, value));
  }
  return threads;
}

/** What a gauge is that knows these events: the newest set, and the additions since. */
function naive(events: readonly Event[]): number {
  const base = events.reduce(
    (best, event) => (event.operation === 'GAUGE_SET' && event.epoch > best.epoch ? event : best),
    set(0, 0),
  );
  const added = events.filter(({ operation, epoch }) => operation === 'GAUGE_ADD' && epoch >= base.epoch);
  return added.reduce((sum, { value }) => sum + value, base.value);
}

const step = fc.record({
  thread: fc.nat(2),
  sets: fc.boolean(),
  late: fc.boolean(),
  value: fc.integer({ min: -100, max: 100 }),
});

test(`gauges of random threads end at the last set plus what was added since (RINGMETER_SEED=${SEED})`, async (t) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 24 }), fc.array(fc.nat(2)), fc.nat(), (steps, choices, overflow) => {
      const threads = threadsOf(steps);
      const bench = new FoldBench('gauge', {}, 3);
      const left = threads.map((events) => [...events]);
      const foldNext = (thread: number): void => {
        const event = left[thread].shift();
        if (event === undefined) return;
        const around = ((overflow >> (left[thread].length & 15)) & 1) === 1;
        bench.fold(event.operation, event.value, { shard: thread, epoch: event.epoch, overflow: around });
      };
      for (const thread of choices) foldNext(thread);
      for (const thread of [0, 1, 2]) while (left[thread].length > 0) foldNext(thread);
      return bench.merged()[VALUE_COLUMN] === naive(threads.flat());
    }),
    { seed: SEED, numRuns: 300 },
  );
  t.pass();
});

test(`while at most one set is still in a ring, a gauge shows exactly what has arrived (RINGMETER_SEED=${SEED})`, async (t) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 24 }), (steps) => {
      // events arrive in the order they were made, except that the ring of thread 0 is one event behind
      const threads = threadsOf(steps);
      const bench = new FoldBench('gauge', {}, 3);
      const arrived: Event[] = [];
      const taken = [0, 0, 0];
      const foldNext = (thread: number): void => {
        const event = threads[thread][taken[thread]++];
        bench.fold(event.operation, event.value, { shard: thread, epoch: event.epoch });
        arrived.push(event);
      };
      let behind = false;
      for (const { thread } of steps) {
        if (thread !== 0 || behind) foldNext(thread);
        if (thread === 0) behind = true;
        if (bench.merged()[VALUE_COLUMN] !== naive(arrived)) return false;
      }
      return true;
    }),
    { seed: SEED, numRuns: 300 },
  );
  t.pass();
});

test('while two sets are still in a ring, additions to the set that shows may be missing, until the sets are there', async (t) => {
  const threads = [
    [set(1, 100), set(2, 200), set(3, 300)],
    [add(1, 1), add(2, 2), add(3, 4)],
  ];
  // 107 and then 206 if cells kept every generation; they keep two, and no thread waits for the other's ring for long
  t.same(valuesAlong(threads, [0, 1, 1, 1, 0, 0], 0), [100, 101, 103, 106, 206, 304]);
});

test('a gauge goes on after 2^31 sets, when its epochs wrap', async (t) => {
  for (const last of [2 ** 31 - 3, -3]) {
    const bench = new FoldBench('gauge', {}, 2);
    for (let offset = 0; offset < 8; offset++) {
      const epoch = (last + offset) | 0;
      if (epoch === 0) continue; // the beginning, which no set ever takes
      bench.fold('GAUGE_SET', 100 + offset, { epoch });
      t.equal(bench.merged()[VALUE_COLUMN], 100 + offset, `epoch ${epoch}`);
      bench.fold('GAUGE_ADD', 1000, { epoch, shard: 1 });
      t.equal(bench.merged()[VALUE_COLUMN], 1100 + offset, `an addition of another thread in epoch ${epoch}`);
    }
  }
});
