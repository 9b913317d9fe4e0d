import { SeriesList } from '../../../dist/src/aggregate/series-list.js';
import type { Arena } from '../../../dist/src/arena/arena.js';
import { definitionOf } from '../bench';
import { INTERRUPTIONS, protocol, wanted, withFamily } from './protocol';

protocol('a counter that is read while it is reset', (core) => {
  const definition = definitionOf('counter');
  const { arena, family } = withFamily(definition);
  const { series } = core.register.registerSeries(arena, family, definition, wanted('a'));
  core.shard.openShards(arena)[0].claim(1);
  const list = SeriesList.of({ ...series, column: 0, place: 2 ** 30 });
  const add = (own: Arena, value: number): void => {
    const [shard] = core.shard.openShards(own);
    own.f64[core.fold.cellOf(own, shard.cells, series.id)] += value;
  };
  const lifetimes = (own: Arena, mark: number) => new core.lifetimes.Lifetimes(own, new core.drain.Drainer(own, mark));
  const reset = (own: Arena) => lifetimes(own, 1).endAll({ record: family, definition }, list, 'reset');
  add(arena, 3);
  reset(arena);
  add(arena, 5);
  return {
    buffer: arena.buffer,
    interruptions: INTERRUPTIONS,
    depths: [999, 14],
    actors: [
      // the second one writes the baseline that a reader may still be reading
      (own) => reset(own) + reset(own),
      (own) => {
        const values = new Float64Array(1);
        lifetimes(own, 2).read(values, list, definition, false);
        return values[0];
      },
    ],
    check: (_, results) => (results[1] === 5 || results[1] === 0 ? undefined : `shown: ${results[1]}`),
  };
});
