import type { Arena } from '../../../dist/src/arena/arena.js';
import { int, SHARD } from '../../../dist/src/arena/layout.js';
import { threadMark } from '../../../dist/src/arena/shard.js';
import type { Core, Mutation } from './mutant';
import { type Make, protocol } from './protocol';
import { problemOf, ringOf } from './small-ring';

/** A word in the heap that nobody uses: the first thread says that it is done. */
const DONE = 40_000;
/** The id of the thread that may be terminated. */
const MORTAL = 6;

/** A thread that drains, and says so. */
const drains =
  ({ drain }: Core) =>
  (own: Arena): void => {
    new drain.Drainer(own, threadMark(MORTAL)).drainAll();
    Atomics.store(own.i32, int(DONE), 1);
  };

/** A thread that hears whether the first one has ended, puts it out of its lock then, and drains what is left. */
const takesOver =
  ({ drain }: Core, mark: number, drainsBefore: boolean) =>
  (own: Arena): void => {
    const drainer = new drain.Drainer(own, mark);
    if (drainsBefore) drainer.drainAll();
    if (Atomics.wait(own.i32, int(DONE), 0) === 'timed-out')
      drainer.shards[0].cleanUpAfter(threadMark(MORTAL), mark, () => {});
    drainer.drainAll();
  };

/**
 * Several threads drain one shard; the first one may be terminated anywhere.
 *
 * @param heirs how many hear of its end; the first of them has been draining beside it
 */
function drainedBy(events: number, heirs: number): Make {
  return (code) => {
    const { arena, id } = ringOf(events);
    return {
      buffer: arena.buffer,
      mortal: [0],
      actors: [drains(code), ...Array.from({ length: heirs }, (_, heir) => takesOver(code, heir + 1, heir === 0))],
      check(own) {
        const [{ base, lock, folded, freed }] = code.shard.openShards(own);
        if (freed !== (folded | 0)) return `${folded - freed} slots are not given back`;
        if (own.i32[lock] !== 0) return `the lock is kept by ${own.i32[lock]}`;
        if (own.f64[base + SHARD.DROPPED_AT_FOLD] !== 0) return 'events were dropped';
        return problemOf(own, id, events);
      },
    };
  };
}

const COUNTED_FIRST: Mutation = [
  'kinds/fold.js',
  'f64[cell] += value;\n            f64[progress] = done;',
  'f64[progress] = done;\n            f64[cell] += value;',
];
const NO_LOCK: Mutation = [
  'atomics/mutex.js',
  'function tryLock(i32, index, mark) {\n    return Atomics.compareExchange(i32, index, 0, mark) === 0;',
  'function tryLock(i32, index, mark) {\n    if (Atomics.load(i32, index) !== 0) return false;\n    Atomics.store(i32, index, mark);\n    return true;',
];
const NOT_GIVEN_BACK: Mutation = [
  'arena/shard.js',
  'this.free();\n            (0, mutex_1.unlock)(i32, this.lock);',
  '(0, mutex_1.unlock)(i32, this.lock);',
];
const TWO_HEIRS: Mutation = [
  'atomics/mutex.js',
  'return Atomics.compareExchange(i32, index, deadMark, mark) === deadMark;',
  'if (Atomics.load(i32, index) !== deadMark) return false;\n    Atomics.store(i32, index, mark);\n    return true;',
];
protocol('a shard that two threads drain, one of which may be terminated', drainedBy(2, 1), {
  'an event that is counted before it is folded': [COUNTED_FIRST],
  'a lock that is taken in two steps': [NO_LOCK],
  'a lock that is taken over without giving the slots back': [NOT_GIVEN_BACK],
});
protocol('a shard that two threads take over from one that may be terminated', drainedBy(1, 2), {
  'a lock that two threads take over': [TWO_HEIRS],
});
