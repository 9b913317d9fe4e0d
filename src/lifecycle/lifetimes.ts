import type { Arena } from '../arena/arena';
import { high, LIFE, LIFE_STATE, PAGE_MASK, PAGE_SHIFT, RECORD } from '../arena/layout';
import {
  changeLives,
  changeState,
  countSeries,
  hasLives,
  lifeOf,
  lifeState,
  lockLives,
  makeLife,
  readLives,
  showAgain,
  unlockLives,
} from '../arena/lives';
import type { Shard } from '../arena/shard';
import { RingmeterError } from '../common/errors';
import { warnOnce } from '../common/warning';
import type { Drainer } from '../drain/drain';
import type { Definition } from '../kinds/definition';
import { columnCount, kindOf } from '../kinds/kinds';
import { birthOf } from '../registry/births';
import type { SeriesList } from '../registry/series-list';
import {
  baselineWords,
  countsInFlight,
  isChanged,
  postponeStart,
  type RawSeries,
  subtractBaseline,
  writeBaseline,
} from './life';
import { SeriesMerge } from './merge';

/** How long a thread that removes series waits for the lock of the lives, and for the shards' locks. */
const MAX_WAIT_MS = 2_000;
const SHARD_MAX_WAIT_MS = 500;
/** Series that are ended under one hold of the shards' locks: that takes some tenths of a millisecond. */
const BATCH = 1_024;

/** A metric whose series are read or ended. */
export interface LivingFamily {
  readonly record: number;
  readonly definition: Definition;
}

/** When a snapshot is taken, or a life ends. */
export interface Moment {
  /** By the arena's clock. */
  readonly takenAt: number;
  /** Wall-clock milliseconds. */
  readonly timestamp: number;
}

export function momentOf(arena: Arena): Moment {
  return { takenAt: arena.tick(), timestamp: Date.now() };
}

/** A collect, as far as it tells which records are in its snapshot. */
export interface Cut extends Moment {
  /** Number of births: a series whose birth has this number or a higher one is not in the snapshot. */
  readonly births: number;
}

/** A range of a list of series; `to` is exclusive. */
interface Range {
  readonly from: number;
  readonly to: number;
}

/** What happens to a series whose life ends: hidden until its next record, or shown from zero at once. */
export type Ending = 'remove' | 'reset';

/** Ends lives of series (see lives.ts), and merges series, less the values of their earlier lives. One per thread. */
export class Lifetimes {
  private readonly merge: SeriesMerge;

  constructor(
    private readonly arena: Arena,
    private readonly drainer: Drainer,
  ) {
    this.merge = new SeriesMerge(arena, drainer.holds);
  }

  /** The shards whose locks the caller of `collect` holds. */
  shards: readonly Shard[] = [];

  /**
   * Also merges shards that came into use after the locks were taken: a baseline written since then may include them.
   * Called while the lock of the lives is held, or the caller checks HEADER.LIVES afterwards (`readLives`).
   */
  private intoNow(...[values, series, definition, range]: Parameters<SeriesMerge['into']>): void {
    this.merge.shards = this.drainer.used();
    this.merge.into(values, series, definition, range);
  }

  /**
   * Merges some series of a metric for a snapshot; removed series get NaN. Unless another thread holds the lock of the
   * lives, it also notes which series have changed, and ends those that have not changed for their ttl.
   */
  collect(values: Float64Array, series: SeriesList, family: LivingFamily, { from, to }: Range, cut: Cut): void {
    const { arena, merge } = this;
    const { definition } = family;
    if (!definition.ttl && !hasLives(arena, family.record)) {
      merge.shards = this.shards;
      merge.into(values, series, definition, { from, to });
    } else if (!lockLives(arena, this.drainer.mark, 0)) this.read(values, series, definition, true, from, to);
    else
      try {
        const onSeries = (raw: RawSeries): void => {
          if (isOther(arena, definition, series, raw)) return;
          // a series that is not in the snapshot must not expire on account of it: nobody has seen its records yet
          if (series.births[raw.index] < cut.births) this.note(family, raw, cut);
          subtractBaseline(arena, definition, raw, true);
        };
        changeLives(arena, () => this.intoNow(values, series, definition, { from, to, onSeries }));
      } finally {
        unlockLives(arena);
      }
  }

  /** Merges series without ending any. @param marks whether the values are those of a snapshot: `subtractBaseline` */
  read(
    values: Float64Array,
    series: SeriesList,
    definition: Definition,
    marks: boolean,
    from = 0,
    to = series.count,
  ): void {
    const { arena } = this;
    const width = columnCount(definition);
    const onSeries = (raw: RawSeries): void => {
      if (!marks || !isOther(arena, definition, series, raw)) subtractBaseline(arena, definition, raw, marks);
    };
    readLives(arena, () => {
      for (let index = from; index < to; index++) values.fill(0, series.columns[index], series.columns[index] + width);
      this.intoNow(values, series, definition, { from, to, onSeries });
    });
  }

  private note(family: LivingFamily, raw: RawSeries, moment: Moment): void {
    const { arena } = this;
    const { f64 } = arena;
    const { definition } = family;
    const ttl = (definition.ttl ?? 0) * 1_000;
    const life = lifeOf(arena, raw.record) || (ttl === 0 ? 0 : this.lifeFor(family, raw));
    if (life === 0) return;
    const state = lifeState(arena, life);
    if ((state & LIFE_STATE.GONE) !== 0) return;
    const isNew = f64[life + LIFE.ACTIVITY] !== raw.activity;
    if (isNew) {
      f64[life + LIFE.ACTIVITY] = raw.activity;
      f64[life + LIFE.SINCE] = moment.takenAt;
    }
    if ((state & LIFE_STATE.HIDDEN) !== 0) {
      if (isChanged(arena, life, state, definition, raw.activity)) showAgain(arena, raw.record);
      else postponeStart(arena, life, state, definition, moment.timestamp);
    } else if (ttl > 0 && moment.takenAt - f64[life + LIFE.SINCE] >= ttl && !countsInFlight(arena, raw))
      this.end(family, raw, 'remove', moment);
  }

  private lifeFor({ record, definition }: LivingFamily, raw: RawSeries): number {
    const life = makeLife(this.arena, record, raw.record, baselineWords(definition));
    if (life === 0)
      warnOnce(
        'RINGMETER_OUT_OF_MEMORY',
        `no memory to remove or reset series of ${definition.name}: they remain, raise maxMemory`,
        definition.name,
      );
    return life;
  }

  /**
   * Ends the lives of series of one metric, after draining all readable events.
   *
   * @param series its columns begin at 0, one series after the other
   * @param ended called under the locks with the last columns of each series that was not removed already
   * @returns how many were not removed already
   * @throws RingmeterError RINGMETER_BUSY, RINGMETER_OUT_OF_MEMORY
   */
  endAll(
    family: LivingFamily,
    series: SeriesList,
    ending: Ending,
    ended?: (record: number, columns: Float64Array) => void,
  ): number {
    const { arena, drainer } = this;
    const { definition } = family;
    if (!lockLives(arena, drainer.mark, performance.now() + MAX_WAIT_MS))
      throw new RingmeterError(
        'RINGMETER_BUSY',
        `another thread has been removing series for more than ${MAX_WAIT_MS} ms: try again`,
      );
    try {
      let count = 0;
      let moment = momentOf(arena);
      const values = new Float64Array(series.count * columnCount(definition));
      const onSeries = (raw: RawSeries): void => {
        const last = ended && this.lastOf(definition, raw);
        if (!this.end(family, raw, ending, moment)) return;
        count++;
        ended?.(raw.record, last!);
      };
      for (let from = 0; from < series.count; from += BATCH)
        drainer.withDrained(drainer.used(), SHARD_MAX_WAIT_MS, () => {
          // after the drain: no slot of a summary's window that is in the cells began later than this
          moment = momentOf(arena);
          const to = Math.min(from + BATCH, series.count);
          changeLives(arena, () => this.intoNow(values, series, definition, { from, to, onSeries }));
        });
      return count;
    } finally {
      unlockLives(arena);
    }
  }

  /**
   * The columns of a series' present life. Zeros, not NaN, if it is marked as removed: another thread may show it again
   * before its life ends here.
   */
  private lastOf(definition: Definition, { values, column, ...raw }: RawSeries): Float64Array {
    const last = values.slice(column, column + columnCount(definition));
    subtractBaseline(this.arena, definition, { ...raw, values: last, column: 0 }, false);
    return last;
  }

  /**
   * Ends the life of one series: its merged values become its baseline. Atomic: a thread terminated here has ended the
   * life or has not; only the number of series can then be wrong by one.
   *
   * @returns whether the series was not removed already
   */
  private end(family: LivingFamily, raw: RawSeries, ending: Ending, moment: Moment): boolean {
    const { arena } = this;
    const { definition } = family;
    const life = this.lifeFor(family, raw);
    if (life === 0)
      throw new RingmeterError(
        'RINGMETER_OUT_OF_MEMORY',
        `no memory to ${ending} series of ${definition.name}: raise maxMemory`,
      );
    let state = lifeState(arena, life);
    const isHidden = (state & LIFE_STATE.HIDDEN) !== 0;
    const isGone = (state & LIFE_STATE.GONE) !== 0;
    if (isGone || (isHidden && !isChanged(arena, life, state, definition, raw.activity))) return false;
    arena.f64[life + LIFE.SINCE] = moment.takenAt;
    this.endCells(definition, arena.i32[high(raw.record + RECORD.SERIES)], moment.takenAt);
    writeBaseline(arena, life, state, definition, raw, moment.timestamp);
    const hides = ending === 'remove' ? LIFE_STATE.HIDDEN : 0;
    const bits = ((state ^ LIFE_STATE.SECOND) & LIFE_STATE.SECOND) | LIFE_STATE.BASED | hides;
    // it fails only if another thread has shown the series again meanwhile
    while (!changeState(arena, life, state, bits)) state = lifeState(arena, life);
    const wasHidden = (state & LIFE_STATE.HIDDEN) !== 0;
    if (wasHidden !== (hides !== 0)) countSeries(arena, raw.record, wasHidden ? 1 : -1);
    return true;
  }

  /** Applies the kind's `end`, if it has one, to the cells of the series in each shard. */
  private endCells(definition: Definition, id: number, now: number): void {
    const { i32, f64 } = this.arena;
    const kind = kindOf(definition);
    if (kind.end === undefined) return;
    for (const { cells, overflowCells } of this.merge.shards)
      for (const table of [cells, overflowCells]) {
        const page = i32[table + (id >>> PAGE_SHIFT)];
        if (page !== 0) kind.end(f64, page + (id & PAGE_MASK), now);
      }
  }
}

/** Whether a series' memory has been reused since the list was read. If so, fills the series' columns with NaN. */
function isOther(
  arena: Arena,
  definition: Definition,
  { births }: SeriesList,
  { index, record, values, column }: RawSeries,
): boolean {
  if (birthOf(arena, record) <= births[index]) return false;
  values.fill(Number.NaN, column, column + columnCount(definition));
  return true;
}
