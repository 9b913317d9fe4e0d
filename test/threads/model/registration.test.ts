import { HEADER, int } from '../../../dist/src/arena/layout.js';
import type { Catalog } from '../../../dist/src/registry/catalog.js';
import { definitionOf } from '../bench';
import type { Core, Mutation } from './mutant';
import { type Make, protocol, wanted, withFamily } from './protocol';

const definition = definitionOf('counter');

/** The labels of the series that a snapshot has which was taken when so many births had been counted. */
function shownAt({ snapshot }: Core, { families }: Catalog, births: number): string {
  const shown = families.flatMap((family) => {
    const isThere = snapshot.presenceIn({ births }, family);
    return Array.from({ length: family.series.count }, (_, index) => index)
      .filter(isThere)
      .map((index) => family.labels(index)[0][1]);
  });
  return shown.sort().join();
}

/** A word in the heap that nobody uses: the first thread says that it is done. */
const DONE = 40_000;

/** A thread registers a series; another refreshes its catalogue beside that, and again afterwards. */
function bornBeside(births: bigint): Make {
  return (core) => {
    const { arena, family } = withFamily(definition);
    core.register.registerSeries(arena, family, definition, wanted('old'));
    arena.i64[HEADER.BIRTHS] += births;
    return {
      buffer: arena.buffer,
      mortal: [0],
      actors: [
        (own) => {
          core.register.registerSeries(own, family, definition, wanted('new'));
          Atomics.store(own.i32, int(DONE), 1);
        },
        (own) => {
          const catalog = new core.catalog.Catalog(own);
          catalog.refresh();
          const { births } = catalog;
          const beside = shownAt(core, catalog, births);
          const isDone = Atomics.wait(own.i32, int(DONE), 0) !== 'timed-out';
          catalog.refresh();
          return {
            beside,
            isDone,
            later: shownAt(core, catalog, births),
            after: shownAt(core, catalog, catalog.births),
          };
        },
      ],
      check(_, results) {
        const { beside, isDone, later, after } = results[1] as Record<string, string>;
        if (beside !== 'old' && beside !== 'new,old') return `shown beside it: ${beside}`;
        if (later !== beside) return `the first snapshot has other series later: ${beside}, ${later}`;
        if (beside === 'new,old' && after !== beside) return `shown before, and not any more: ${after}`;
        return !isDone || after === 'new,old' ? undefined : `shown afterwards: ${after}`;
      },
    };
  };
}

/** A birth that is given before the record is published. */
const BORN_EARLY: Mutation = [
  'registry/publish.js',
  '    for (;;) {\n        i32[(0, layout_1.int)(record + layout_1.RECORD.CHAIN)] = seen;\n        const head = Atomics.compareExchange(i32, chain, seen, record);\n        if (head === seen)\n            break;',
  '    (0, births_1.born)(arena, kind, record);\n    for (;;) {\n        i32[(0, layout_1.int)(record + layout_1.RECORD.CHAIN)] = seen;\n        const head = Atomics.compareExchange(i32, chain, seen, record);\n        if (head === seen)\n            break;',
];

/** Births that are counted in 32 bits. */
const SHORT_COUNT: Mutation = [
  'registry/births.js',
  'return arena.counted(layout_1.HEADER.BIRTHS);',
  'return Atomics.load(arena.i32, (0, layout_1.int)(layout_1.HEADER.BIRTHS));',
];

protocol('a series that is born beside a refresh', bornBeside(0n), { 'a birth before the publication': [BORN_EARLY] });
protocol('the same where births pass 2^31', bornBeside(2n ** 31n - 2n), { 'a count of 32 bits': [SHORT_COUNT] });
protocol('the same where births pass 2^32', bornBeside(2n ** 32n - 2n), { 'a count of 32 bits': [SHORT_COUNT] });
