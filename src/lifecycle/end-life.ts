import type { Arena } from '../arena/arena';
import { high, LIFE, LIFE_STATE, PAGE_MASK, PAGE_SHIFT, RECORD } from '../arena/layout';
import { changeState, countSeries, lifeState, makeLife } from '../arena/lives';
import type { Shard } from '../arena/shard';
import { RingmeterError } from '../common/errors';
import { warnOnce } from '../common/warning';
import type { Definition } from '../kinds/definition';
import { kindOf } from '../kinds/kinds';
import { baselineWords, isChanged, type RawSeries, writeBaseline } from './life';
import type { Moment } from './moment';

/** A metric whose series are read or ended. */
export interface LivingFamily {
  readonly record: number;
  readonly definition: Definition;
}

/** What happens to a series whose life ends: hidden until its next record, or shown from zero at once. */
export type Ending = 'remove' | 'reset';

/** The life of a series, made if it has none. @returns 0 without memory, of which it warns once per metric */
export function lifeFor(arena: Arena, { record, definition }: LivingFamily, raw: RawSeries): number {
  const life = makeLife(arena, record, raw.record, baselineWords(definition));
  if (life === 0)
    warnOnce(
      'RINGMETER_OUT_OF_MEMORY',
      `no memory to remove or reset series of ${definition.name}: they remain, raise maxMemory`,
      definition.name,
    );
  return life;
}

/**
 * Ends the life of one series: its merged values become its baseline. Atomic: a thread terminated here has ended the
 * life or has not; only the number of series can then be wrong by one. The caller holds the lock of the lives.
 *
 * @param shards those that were merged
 * @returns whether the series was not removed already
 */
export function endLife(
  arena: Arena,
  shards: readonly Shard[],
  family: LivingFamily,
  raw: RawSeries,
  ending: Ending,
  moment: Moment,
): boolean {
  const { definition } = family;
  const life = lifeFor(arena, family, raw);
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
  endCells(arena, shards, definition, arena.i32[high(raw.record + RECORD.SERIES)], moment.takenAt);
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
function endCells(
  { i32, f64 }: Arena,
  shards: readonly Shard[],
  definition: Definition,
  id: number,
  now: number,
): void {
  const kind = kindOf(definition);
  if (kind.end === undefined) return;
  for (const { cells, overflowCells } of shards)
    for (const table of [cells, overflowCells]) {
      const page = i32[table + (id >>> PAGE_SHIFT)];
      if (page !== 0) kind.end(f64, page + (id & PAGE_MASK), now);
    }
}
