import type { Arena } from '../../../dist/src/arena/arena.js';
import { int } from '../../../dist/src/arena/layout.js';
import { makeArena } from '../bench';
import { protocol } from './protocol';

/** Words in the heap that nobody uses: a lock, and what it guards. */
const LOCK = int(40_000);
const GUARDED = 40_008;

protocol(
  'a lock that two threads want',
  ({ mutex }) => {
    const raise = (mark: number) => (own: Arena) => {
      if (!mutex.lock(own.i32, LOCK, mark, 50)) return false;
      own.f64[GUARDED]++;
      own.f64[GUARDED + 1]++;
      mutex.unlock(own.i32, LOCK);
      return true;
    };
    return {
      buffer: makeArena().buffer,
      depths: [40, 40],
      actors: [raise(1), raise(2)],
      check({ f64 }, results) {
        const count = results.filter(Boolean).length;
        return f64[GUARDED] === count && f64[GUARDED + 1] === count ? undefined : `${count} threads, ${f64[GUARDED]}`;
      },
    };
  },
  {
    'a lock that is freed before what it guards is stored': [
      [
        'atomics/mutex.js',
        'function unlock(i32, index) {\n    Atomics.store(i32, index + 1, 0);\n    Atomics.store(i32, index, 0);',
        'function unlock(i32, index) {\n    i32[index + 1] = 0;\n    i32[index] = 0;',
      ],
    ],
  },
);
