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
import { birthOf } from '../registry/directory';
import type { SeriesList } from '../registry/series-list';
import { baselineWords, countsInFlight, isChanged, type RawSeries, subtractBaseline, writeBaseline } from './life';
import { SeriesMerge } from './merge';

/** How long one that removes series waits for another, and for the shards' locks. */
const PATIENCE_MS = 2_000;
const SHARD_PATIENCE_MS = 500;
/** Series that are ended under one hold of the shards' locks: some tenths of a millisecond's work. */
const BATCH = 1_024;

/** A metric whose series are read or ended. */
export interface LivingFamily {
  readonly record: number;
  readonly definition: Definition;
}

/** What becomes of series that end: hidden until something is recorded, or shown from zero at once. */
export type Ending = 'remove' | 'reset';

/** Ends lives of series, and adds up series without what earlier lives left in their cells. Any thread has its own. */
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
   * Adds up shards that came into use after the locks were taken, too: a baseline that somebody has written since may have
   * counted them. Called when no life can end any more before the cells are read, or that would be noticed.
   */
  private intoNow(...[values, series, definition, range]: Parameters<SeriesMerge['into']>): void {
    this.merge.shards = this.drainer.used();
    this.merge.into(values, series, definition, range);
  }

  /**
   * Adds up some series of a metric for a snapshot; those that are removed get NaN. Unless another thread is ending lives
   * just then, it notes which have changed, and ends those that have not for as long as their ttl.
   *
   * @param now by the arena's clock
   */
  collect(values: Float64Array, series: SeriesList, family: LivingFamily, from: number, to: number, now: number): void {
    const { arena, merge } = this;
    const { definition } = family;
    if (!definition.ttl && !hasLives(arena, family.record)) {
      merge.shards = this.shards;
      merge.into(values, series, definition, { from, to });
    } else if (!lockLives(arena, this.drainer.mark, 0)) this.read(values, series, definition, true, from, to);
    else
      try {
        const settle = (raw: RawSeries): void => {
          if (isOther(arena, definition, series, raw)) return;
          this.note(family, raw, now);
          subtractBaseline(arena, definition, raw, true);
        };
        changeLives(arena, () => this.intoNow(values, series, definition, { from, to, settle }));
      } finally {
        unlockLives(arena);
      }
  }

  /** Adds up series as they are. @param marks whether those that are removed get NaN; otherwise 0 */
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
    const settle = (raw: RawSeries): void => {
      if (!marks || !isOther(arena, definition, series, raw)) subtractBaseline(arena, definition, raw, marks);
    };
    readLives(arena, () => {
      for (let index = from; index < to; index++) values.fill(0, series.columns[index], series.columns[index] + width);
      this.intoNow(values, series, definition, { from, to, settle });
    });
  }

  private note(family: LivingFamily, raw: RawSeries, now: number): void {
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
      f64[life + LIFE.SINCE] = now;
    }
    if ((state & LIFE_STATE.HIDDEN) !== 0) {
      if (isChanged(arena, life, state, definition, raw.activity)) showAgain(arena, raw.record);
    } else if (ttl > 0 && now - f64[life + LIFE.SINCE] >= ttl && !countsInFlight(arena, raw))
      this.end(family, raw, 'remove', now);
  }

  private lifeFor({ record, definition }: LivingFamily, raw: RawSeries): number {
    const life = makeLife(this.arena, record, raw.record, baselineWords(definition));
    if (life === 0)
      warnOnce('RINGMETER_OUT_OF_MEMORY', `no memory to end series of ${definition.name}: they stay`, definition.name);
    return life;
  }

  /**
   * Ends the lives of series of one metric, with everything that may be drained now.
   *
   * @param series its columns begin at 0, one series after the other
   * @param ended is given the last columns of each that was there, under the locks
   * @returns how many were there
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
    if (!lockLives(arena, drainer.mark, performance.now() + PATIENCE_MS))
      throw new RingmeterError('RINGMETER_BUSY', `another thread has been removing series for ${PATIENCE_MS} ms`);
    try {
      let count = 0;
      let now = 0;
      const values = new Float64Array(series.count * columnCount(definition));
      const settle = (raw: RawSeries): void => {
        const last = ended && this.lastOf(definition, raw);
        if (!this.end(family, raw, ending, now)) return;
        count++;
        ended?.(raw.record, last!);
      };
      for (let from = 0; from < series.count; from += BATCH)
        drainer.withDrained(drainer.used(), SHARD_PATIENCE_MS, () => {
          // after everything was drained: no slot of a window that has been folded began later
          now = arena.tick();
          const to = Math.min(from + BATCH, series.count);
          changeLives(arena, () => this.intoNow(values, series, definition, { from, to, settle }));
        });
      return count;
    } finally {
      unlockLives(arena);
    }
  }

  private lastOf(definition: Definition, { values, column, ...raw }: RawSeries): Float64Array {
    const last = values.slice(column, column + columnCount(definition));
    subtractBaseline(this.arena, definition, { ...raw, values: last, column: 0 }, true);
    return last;
  }

  /**
   * Ends the life of one series: what has been added up becomes its baseline. Whoever is terminated here has done so or
   * not; only the number of series can be wrong by one then.
   *
   * @returns whether it was there
   */
  private end(family: LivingFamily, raw: RawSeries, ending: Ending, now: number): boolean {
    const { arena } = this;
    const { definition } = family;
    const life = this.lifeFor(family, raw);
    if (life === 0) throw new RingmeterError('RINGMETER_OUT_OF_MEMORY', `no memory to ${ending} ${definition.name}`);
    let state = lifeState(arena, life);
    const isHidden = (state & LIFE_STATE.HIDDEN) !== 0;
    const isGone = (state & LIFE_STATE.GONE) !== 0;
    if (isGone || (isHidden && !isChanged(arena, life, state, definition, raw.activity))) return false;
    arena.f64[life + LIFE.SINCE] = now;
    this.endCells(definition, arena.i32[high(raw.record + RECORD.SERIES)], now);
    writeBaseline(arena, life, state, definition, raw);
    const hides = ending === 'remove' ? LIFE_STATE.HIDDEN : 0;
    const bits = ((state ^ LIFE_STATE.SECOND) & LIFE_STATE.SECOND) | LIFE_STATE.BASED | hides;
    // others can only have shown it again meanwhile
    while (!changeState(arena, life, state, bits)) state = lifeState(arena, life);
    const wasHidden = (state & LIFE_STATE.HIDDEN) !== 0;
    if (wasHidden !== (hides !== 0)) countSeries(arena, raw.record, wasHidden ? 1 : -1);
    return true;
  }

  /** Lets the kind do what it does to the cells of each shard when a series ends. */
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

/** Fills in that a series is not there, if its memory has been given to another one since the list was read. */
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
