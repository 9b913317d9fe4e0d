import type { Arena } from '../../../dist/src/arena/arena.js';
import { int, OPERATION, OPERATION_SHIFT, SHARD } from '../../../dist/src/arena/layout.js';
import { SeriesList } from '../../../dist/src/registry/series-list.js';
import { definitionOf, makeArena } from '../bench';
import type { Mutation } from './mutant';
import { type Make, protocol, wanted, withFamily } from './protocol';

/** Words in the heap that nobody uses. */
const PAIR = 40_000;
/** A reader that ends with a load, which does not hold back the plain loads before it. */
const LOAD_AT_THE_END: Mutation = [
  'atomics/sequence-lock.js',
  'return Atomics.or(i32, index, 0);',
  'return Atomics.load(i32, index);',
];

protocol(
  'a sequence lock',
  ({ sequenceLock }) => ({
    buffer: makeArena().buffer,
    depths: [99, 8],
    actors: [
      ({ i32, f64 }) => {
        for (const value of [1, 2]) {
          const version = i32[int(PAIR)] | 1;
          Atomics.exchange(i32, int(PAIR), version);
          f64[PAIR + 1] = value;
          f64[PAIR + 2] = value;
          Atomics.store(i32, int(PAIR), version + 1);
        }
      },
      ({ i32, f64 }) => {
        let shown: number[] = [];
        sequenceLock.readConsistently(i32, int(PAIR), () => {
          shown = [f64[PAIR + 1], f64[PAIR + 2]];
        });
        return shown;
      },
    ],
    check: (_, results) => {
      const [first, second] = results[1] as number[];
      return first === second ? undefined : `a pair that never was: ${first}, ${second}`;
    },
  }),
  { 'a reader that ends with an atomic load': [LOAD_AT_THE_END] },
);

/** The owner of a shard folds an event of one series in place; another thread adds the series up. */
function foldedInPlace(type: 'gauge' | 'histogram', allowed: readonly string[]): Make {
  return ({ fold, merge, register, shard }) => {
    const definition = definitionOf(type);
    const { arena, family } = withFamily(definition);
    const { series } = register.registerSeries(arena, family, definition, wanted('a'));
    shard.openShards(arena)[0].claim(1);
    const isGauge = type === 'gauge';
    const record = (own: Arena, operation: number, value: number): void => {
      const [{ overflowCells, base }] = shard.openShards(own);
      const code = operation << OPERATION_SHIFT;
      const epoch =
        operation === OPERATION.GAUGE_SET ? Atomics.add(own.i32, series.epoch, 1) + 1 : own.i32[series.epoch];
      const aux = isGauge ? epoch : family;
      const progress = base + SHARD.FOLDED_IN_PLACE;
      const cell = fold.cellOf(own, overflowCells, series.id);
      fold.fold(own, cell, code, aux, value, progress, own.f64[progress] + 1, true);
    };
    const first = isGauge ? OPERATION.GAUGE_SET : OPERATION.OBSERVE;
    record(arena, first, 5);
    if (isGauge) record(arena, OPERATION.GAUGE_ADD, 1);
    return {
      buffer: arena.buffer,
      depths: [99, 10],
      actors: [
        (own) => record(own, first, 50),
        (own) => {
          const out = new Float64Array(8);
          const list = SeriesList.of({ ...series, column: 0, birth: 0 });
          const sum = new merge.SeriesMerge(own);
          sum.shards = shard.openShards(own).slice(0, 1);
          sum.into(out, list, definition);
          return out.join(' ');
        },
      ],
      check: (_, results) => (allowed.includes(results[1] as string) ? undefined : `shown: ${results[1]}`),
    };
  };
}

/** A writer that stores the sequence word plainly, as is right only under the shard's lock. */
const PLAIN_WRITER: Mutation = [
  'kinds/fold.js',
  'function fold(arena, cell, code, aux, value, progress, done, isShared) {',
  'function fold(arena, cell, code, aux, value, progress, done, isShared) {\n isShared = false;',
];

protocol('a gauge that is set in place', foldedInPlace('gauge', ['6 0 0 0 0 0 0 0', '50 0 0 0 0 0 0 0']), {
  'a reader that ends with an atomic load': [LOAD_AT_THE_END],
  'a writer without atomic stores': [PLAIN_WRITER],
});
protocol('a histogram that is observed in place', foldedInPlace('histogram', ['5 1 0 0 0 0 0 0', '55 1 1 0 0 0 0 0']), {
  'a reader that ends with an atomic load': [LOAD_AT_THE_END],
  'a writer without atomic stores': [PLAIN_WRITER],
});
