import type { Arena } from '../../../dist/src/arena/arena.js';
import { int, SHARD } from '../../../dist/src/arena/layout.js';
import type { Definition } from '../../../dist/src/kinds/definition.js';
import { birthCount, birthOf } from '../../../dist/src/registry/births.js';
import type { RegisteredFamily } from '../../../dist/src/registry/family.js';
import { findRecord, readSeries } from '../../../dist/src/registry/register.js';
import { encodeSeriesKey, readLabels } from '../../../dist/src/registry/series-key.js';
import { SeriesList } from '../../../dist/src/registry/series-list.js';
import { definitionOf, makeArena } from '../bench';
import { type Core, core, type Mutation } from './mutant';
import { INTERRUPTIONS, type Make, protocol, wanted } from './protocol';
import { CODE, digit } from './small-ring';

const definition: Definition = { ...definitionOf('counter'), ttl: 1_000 };
/** What was recorded of the series before it was removed. */
const BEFORE = 5;
/** Words in the heap that nobody uses: the thread that records has its shard; the series is being retired. */
const READY = 40_000;
const RETIRING = 40_008;
const OTHER = 2;

/** An arena with one series, which has been removed; and how threads do something with it. */
function removedSeries() {
  const arena = makeArena(4, 1);
  const family = core.register.registerFamily(arena, definition);
  core.overlap.decide(arena, family);
  const register = (code: Core, own: Arena, value: string) =>
    code.register.registerSeries(own, family, definition, { ...wanted(value), reuses: true }).series;
  const series = register(core, arena, 'old');
  const other = register(core, arena, 'other');
  const listOf = (own: Arena, record: number): SeriesList =>
    SeriesList.of({ ...readSeries(own, record), column: 0, birth: birthOf(own, record) });
  const list = listOf(arena, series.record);
  const recorder = new core.recorder.Recorder(arena, 'fold');
  recorder.record(CODE | series.id, 0, BEFORE);
  recorder.close();
  const living = { record: family, definition };
  lifetimesOf(core, arena, OTHER).endAll(living, list, 'remove');
  /** The family with this one series, as a thread reads it. */
  const familyOf = (code: Core, own: Arena): RegisteredFamily =>
    Object.assign(new code.family.RegisteredFamily(own, family, definition), { series: list });
  const recyclerOf = (code: Core, own: Arena) => {
    const recycler = new code.recycler.Recycler(own, new code.drain.Drainer(own, OTHER), 0);
    return { turn: () => recycler.turn([familyOf(code, own)]) };
  };
  const read = (code: Core, own: Arena, of = list): number => {
    const values = new Float64Array(1);
    lifetimesOf(code, own, OTHER + 1).read(values, of, definition, true);
    return values[0];
  };
  const shownOf = (own: Arena, value: string): number => {
    const record = findRecord(own, encodeSeriesKey(family, wanted(value).labels));
    return record === 0 ? Number.NaN : read(core, own, listOf(own, record));
  };
  return { arena, familyOf, list, series, other, register, recyclerOf, read, shownOf };
}

function lifetimesOf({ lifetimes, drain }: Core, own: Arena, mark: number) {
  return new lifetimes.Lifetimes(own, new drain.Drainer(own, mark));
}

/** A thread that knows a removed series records it, and another one, while somebody gives the memory back. */
function recordedBesideRecycling(events: readonly ('old' | 'other')[]): Make {
  return (code) => {
    const { arena, series, other, register, recyclerOf, shownOf } = removedSeries();
    return {
      buffer: arena.buffer,
      interruptions: INTERRUPTIONS + 1,
      actors: [
        (own) => {
          const recorder = new code.recorder.Recorder(own, 'fold');
          let known: number | undefined = series.id;
          recorder.forget = () => {
            known = undefined;
          };
          recorder.claimed();
          Atomics.store(own.i32, int(READY), 1);
          Atomics.wait(own.i32, int(RETIRING), 0);
          for (const [event, which] of events.entries()) {
            if (which === 'old') known ??= register(code, own, 'old').id;
            recorder.record(CODE | (which === 'old' ? known! : other.id), 0, digit(event));
          }
          recorder.publish();
        },
        (own) => {
          const recycler = recyclerOf(code, own);
          Atomics.wait(own.i32, int(READY), 0);
          recycler.turn();
          Atomics.store(own.i32, int(RETIRING), 1);
          recycler.turn();
          recycler.turn();
        },
      ],
      check(own) {
        new core.drain.Drainer(own, 9).drainAll();
        const expected = events.reduce((sum, which, event) => sum + (which === 'old' ? digit(event) : 0), 0);
        const shown = shownOf(own, 'old');
        return shown === expected ? undefined : `shown: ${shown} instead of ${expected}`;
      },
    };
  };
}

const FORGOTTEN_TOO_LATE: Mutation = [
  'instruments/recorder.js',
  'this.forgotten = sequence;',
  'this.forgotten = sequence;\n        this.acknowledged = sequence;\n        this.shard.acknowledged = sequence;',
];
const NOT_LOOKED_AT: Mutation = [
  'lifecycle/recycler.js',
  'isUsed || (0, life_1.isChanged)(arena, life, state, definition, raw.activity)',
  'isUsed',
];

protocol(
  'a removed series that is recorded while its memory is given back',
  recordedBesideRecycling(['old', 'other']),
  {
    'an acknowledgement in the middle of a record': [FORGOTTEN_TOO_LATE],
    'memory that is given back although something was recorded': [NOT_LOOKED_AT],
  },
);
protocol(
  'a removed series that is registered again while its memory is given back',
  recordedBesideRecycling(['other', 'other', 'old']),
);

/**
 * A thread that knows a series shows it while another one uses its memory for a new series, and records.
 *
 * @param valueIn what a snapshot has of it
 */
const shownBesideReuse =
  (valueIn: (read: () => number) => number): Make =>
  (code) => {
    const { arena, familyOf, list, register, recyclerOf, read, shownOf } = removedSeries();
    const recycler = recyclerOf(core, arena);
    for (let turn = 0; turn < 3; turn++) recycler.turn();
    const births = birthCount(arena);
    const labels = (own: Arena) => readLabels(own, list.records[0])[0][1];
    return {
      buffer: arena.buffer,
      actors: [
        (own) => {
          const [{ overflowCells, base }] = code.shard.openShards(own);
          const { id } = register(code, own, 'new');
          // as the owner of a full ring does
          const progress = base + SHARD.FOLDED_IN_PLACE;
          const cell = code.fold.cellOf(own, overflowCells, id);
          code.fold.fold(own, cell, CODE | id, 0, 7, progress, own.f64[progress] + 1, true);
        },
        (own) => {
          const values = Float64Array.of(valueIn(() => read(code, own)));
          const shows = code.snapshot.presenceIn({ births, values }, familyOf(code, own));
          return shows(0) ? `${labels(own)} ${values[0]}` : 'nothing';
        },
      ],
      check(own, results) {
        const shown = [results[1], shownOf(own, 'old'), shownOf(own, 'new')].join();
        return shown === 'nothing,NaN,7' ? undefined : `shown, old and new: ${shown}`;
      },
    };
  };

const STALE_SERIES: Mutation = ['snapshot/snapshot.js', 'mayBeReborn && !family.isSame(index)', 'false'];
const BIRTH_FIRST: Mutation = [
  'registry/family.js',
  'return !(0, lives_1.isGone)(arena, record) && (0, births_1.birthOf)(arena, record) <= series.births[index];',
  'return (0, births_1.birthOf)(arena, record) <= series.births[index] && !(0, lives_1.isGone)(arena, record);',
];
const LATE_BIRTH: readonly Mutation[] = [
  [
    'registry/publish.js',
    '    Atomics.store(i64, record + layout_1.RECORD.SERIES_BIRTH, (0, births_1.nextBirth)(i64));\n',
    '',
  ],
  [
    'registry/publish.js',
    '(0, lives_1.revive)(arena, record);',
    '(0, lives_1.revive)(arena, record);\n    Atomics.store(i64, record + layout_1.RECORD.SERIES_BIRTH, (0, births_1.nextBirth)(i64));',
  ],
];

protocol(
  'a series that is read and shown while its memory is used for another one',
  shownBesideReuse((read) => read()),
  { 'a series that is shown although its record is another one by now': [STALE_SERIES] },
);
protocol(
  'a series of an older snapshot that is shown while its memory is used for another one',
  shownBesideReuse(() => BEFORE),
  {
    'a birth that is loaded before the state': [BIRTH_FIRST],
    'a birth that is stored after the state': LATE_BIRTH,
  },
);
