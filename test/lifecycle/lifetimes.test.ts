import { test } from 'tap';
import { columnsUsed } from '../../dist/src/arena/columns.js';
import { Drainer } from '../../dist/src/drain/drain.js';
import { Lifetimes } from '../../dist/src/lifecycle/lifetimes.js';
import { mortal } from '../threads/mortal';

test('a series does not expire on account of a collect whose snapshot did not have it yet', async (t) => {
  const { arena, collector, collect } = mortal(t);
  collector.counter('c', { labelNames: ['id'], ttl: 1 }).increment(5, { id: 'a' });
  await collect.snapshot();
  const [family] = collect.catalog.families.filter(({ definition }) => definition.name === 'c');
  const { series } = family;
  const [column, birth] = [series.columns[0], series.births[0]];
  const lifetimes = new Lifetimes(arena, new Drainer(arena, 2_000_001));
  /** The value that a collect shows so many milliseconds after the series was last seen. */
  const shown = (later: number, births: number): number => {
    lifetimes.shards = new Drainer(arena, 2_000_001).used();
    const values = new Float64Array(columnsUsed(arena));
    const takenAt = arena.clock() + later;
    lifetimes.collect(values, series, family, { from: 0, to: 1 }, { takenAt, timestamp: Date.now() + later, births });
    return values[column];
  };
  collector.counter('c').increment(2, { id: 'a' });
  await collect.snapshot();
  t.equal(shown(10_000, birth), 7, 'a collect that began before its birth leaves it alone');
  t.ok(Number.isNaN(shown(10_000, birth + 1)), 'a collect that has it ends it');
});
