import type { Arena } from '../arena/arena';
import { LIFE, LIFE_STATE } from '../arena/layout';
import { changeLives, hasLives, lifeOf, lifeState, lockLives, readLives, showAgain, unlockLives } from '../arena/lives';
import type { Shard } from '../arena/shard';
import { RingmeterError } from '../common/errors';
import type { Drainer } from '../drain/drain';
import type { Definition } from '../kinds/definition';
import { columnCount } from '../kinds/kinds';
import { birthOf } from '../registry/births';
import type { SeriesList } from '../registry/series-list';
import { type Ending, endLife, type LivingFamily, lifeFor } from './end-life';
import { countsInFlight, isChanged, postponeStart, type RawSeries, subtractBaseline } from './life';
import { SeriesMerge } from './merge';
import { type Cut, type Moment, momentOf } from './moment';

/** How long a thread that removes series waits for the lock of the lives, and for the shards' locks. */
const MAX_WAIT_MS = 2_000;
const SHARD_MAX_WAIT_MS = 500;
/** Series that are ended under one hold of the shards' locks: that takes some tenths of a millisecond. */
const BATCH = 1_024;

/** A range of a list of series; `to` is exclusive. */
interface Range {
  readonly from: number;
  readonly to: number;
}

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
    const { arena, merge } = this;
    const { f64 } = arena;
    const { definition } = family;
    const ttl = (definition.ttl ?? 0) * 1_000;
    const life = lifeOf(arena, raw.record) || (ttl === 0 ? 0 : lifeFor(arena, family, raw));
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
      endLife(arena, merge.shards, family, raw, 'remove', moment);
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
    const { arena, drainer, merge } = this;
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
        if (!endLife(arena, merge.shards, family, raw, ending, moment)) return;
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
