import type { Arena } from '../../../dist/src/arena/arena.js';
import { SeriesList } from '../../../dist/src/registry/series-list.js';
import { definitionOf } from '../bench';
import type { Mutation } from './mutant';
import { INTERRUPTIONS, type Make, protocol, wanted, withFamily } from './protocol';

type Step = 'reset' | 'add';

/** One thread resets a counter and adds 10 to it, another reads it without locks. */
function readBeside(before: readonly Step[], steps: readonly Step[], allowed: readonly number[]): Make {
  return (core) => {
    const definition = definitionOf('counter');
    const { arena, family } = withFamily(definition);
    const { series } = core.register.registerSeries(arena, family, definition, wanted('a'));
    core.shard.openShards(arena)[0].claim(1);
    const list = SeriesList.of({ ...series, column: 0, birth: 2 ** 30 });
    const lifetimes = (own: Arena, mark: number) =>
      new core.lifetimes.Lifetimes(own, new core.drain.Drainer(own, mark));
    const run = (own: Arena, todo: readonly Step[]): void => {
      const [shard] = core.shard.openShards(own);
      for (const step of todo)
        if (step === 'reset') lifetimes(own, 1).endAll({ record: family, definition }, list, 'reset');
        else own.f64[core.fold.cellOf(own, shard.cells, series.id)] += 10;
    };
    run(arena, before);
    return {
      buffer: arena.buffer,
      interruptions: INTERRUPTIONS,
      depths: [999, 14],
      actors: [
        (own) => run(own, steps),
        (own) => {
          const values = new Float64Array(1);
          lifetimes(own, 2).read(values, list, definition, false);
          return values[0];
        },
      ],
      check: (_, results) => (allowed.includes(results[1] as number) ? undefined : `shown: ${results[1]}`),
    };
  };
}

/** Readers that end with a load, which does not hold back the plain loads before it. */
const LOAD_AT_THE_END: Mutation = [
  'atomics/sequence-lock.js',
  'return Atomics.or(i32, index, 0);',
  'return Atomics.load(i32, index);',
];
/** Lives that are ended without saying so. */
const NO_SEQUENCE: Mutation = ['arena/lives.js', 'Atomics.or(i32, SEQUENCE, 1);', ''];

protocol(
  'a counter that is read while it is reset for the first time',
  readBeside(['add'], ['reset', 'add'], [10, 0]),
  {
    'a reader that ends with an atomic load': [LOAD_AT_THE_END],
  },
);
// the second reset writes the baseline that the reader may still be reading
protocol(
  'a counter that is read while it is reset twice',
  readBeside(['add', 'add', 'reset', 'add'], ['reset', 'add', 'reset'], [10, 0]),
  {
    'a reader that ends with an atomic load': [LOAD_AT_THE_END],
    'a sequence that is not odd while lives are ended': [NO_SEQUENCE],
  },
);

/** One thread ends the life of a removed counter, while another shows it again. */
const endedBeside: Make = (core) => {
  const definition = definitionOf('counter');
  const { arena, family } = withFamily(definition);
  const { series } = core.register.registerSeries(arena, family, definition, wanted('a'));
  const [shard] = core.shard.openShards(arena);
  shard.claim(1);
  const list = SeriesList.of({ ...series, column: 0, birth: 2 ** 30 });
  /** The values of the lives that this ends. */
  const end = (own: Arena): number[] => {
    const ended: number[] = [];
    const lifetimes = new core.lifetimes.Lifetimes(own, new core.drain.Drainer(own, 1));
    lifetimes.endAll({ record: family, definition }, list, 'remove', (_, [value]) => ended.push(value));
    return ended;
  };
  arena.f64[core.fold.cellOf(arena, shard.cells, series.id)] += 10;
  end(arena);
  return {
    buffer: arena.buffer,
    interruptions: INTERRUPTIONS,
    actors: [end, (own) => core.lives.showAgain(own, series.record)],
    check: (_, [ended]) =>
      (ended as number[]).every((value) => value === 0) ? undefined : `a life without records had ${ended}`,
  };
};

protocol('the end of a removed counter that is shown again', endedBeside, {
  'a life that is taken for one without values': [
    ['lifecycle/lifetimes.js', 'values: last, column: 0 }, false)', 'values: last, column: 0 }, true)'],
  ],
});
