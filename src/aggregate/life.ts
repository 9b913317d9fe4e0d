import type { Arena } from '../arena/arena';
import { isInFlight } from '../arena/in-flight';
import { LIFE, LIFE_STATE } from '../arena/layout';
import { lastLifeState, lifeOf, lifeState } from '../arena/lives';
import { columnCount, HISTOGRAM_COLUMNS, SUMMARY_COLUMNS, VALUE_COLUMN } from './columns';
import type { Definition } from './definition';

/** What has been added up of one series, before anything is taken off. */
export interface RawSeries {
  /** In the list that was added up. */
  index: number;
  record: number;
  values: Float64Array;
  /** First column in `values`. */
  column: number;
  /** Changes with every record: see `activityOf`. */
  activity: number;
  /** Gauges: epoch of the `set` that is shown. */
  epoch: number;
}

/** What is done with each series when it has been added up; what it is given is good only during the call. */
export type Settle = (raw: Readonly<RawSeries>) => void;

/** Words of a baseline: the activity, then the columns that grow; of a gauge the value and the epoch of its `set`. */
const COLUMNS = 1;
export function baselineWords(definition: Definition): number {
  if (definition.type === 'histogram') return COLUMNS + columnCount(definition);
  return COLUMNS + (definition.type === 'counter' ? 1 : 2);
}

/** A number that every record changes; of a counter, every one that is not 0. Gauges have the version of their cells. */
export function activityOf({ type, buckets }: Definition, values: Float64Array, column: number): number {
  if (type === 'counter') return values[column + VALUE_COLUMN];
  if (type === 'summary') return values[column + SUMMARY_COLUMNS.COUNT];
  let count = 0;
  for (let bucket = 0; bucket <= buckets.length; bucket++) count += values[column + HISTOGRAM_COLUMNS.COUNTS + bucket];
  return count;
}

/**
 * Whether requests or calls that a series counts are going on. Such a series must stay: its ttl says nothing of how long they
 * take, and if its memory were used again, their ends would be taken off another series.
 */
export function countsInFlight(arena: Arena, { record, values, column }: RawSeries): boolean {
  return isInFlight(arena, record) && values[column + VALUE_COLUMN] !== 0;
}

const baselineOf = (life: number, state: number, words: number): number =>
  life + LIFE.BASELINES + ((state & LIFE_STATE.SECOND) !== 0 ? words : 0);

/** Writes the baseline that is not current. Only the holder of the lock of the lives calls this. */
export function writeBaseline(
  { f64 }: Arena,
  life: number,
  state: number,
  definition: Definition,
  raw: RawSeries,
): void {
  const words = baselineWords(definition);
  const baseline = baselineOf(life, state ^ LIFE_STATE.SECOND, words);
  f64[baseline] = raw.activity;
  for (let word = COLUMNS; word < words; word++) f64[baseline + word] = raw.values[raw.column + word - COLUMNS];
  if (definition.type === 'gauge') f64[baseline + COLUMNS + 1] = raw.epoch;
}

/** Whether something was recorded since the current baseline. */
export function isChanged(
  { f64 }: Arena,
  life: number,
  state: number,
  definition: Definition,
  activity: number,
): boolean {
  return f64[baselineOf(life, state, baselineWords(definition))] !== activity;
}

/**
 * Takes off what was recorded in earlier lives. Any thread.
 *
 * @param marks whether a series that is removed gets NaN; otherwise it gets what it would begin again with
 */
export function subtractBaseline(arena: Arena, definition: Definition, raw: RawSeries, marks: boolean): void {
  const life = lifeOf(arena, raw.record);
  if (life === 0) return;
  for (;;) {
    const state = lifeState(arena, life);
    if (marks && (state & LIFE_STATE.GONE) !== 0)
      raw.values.fill(Number.NaN, raw.column, raw.column + columnCount(definition));
    if ((state & LIFE_STATE.BASED) === 0 || (state & LIFE_STATE.GONE) !== 0) return;
    const words = baselineWords(definition);
    const from = baselineOf(life, state, words);
    for (let word = 0; word < words; word++) scratch[word] = arena.f64[from + word];
    // Before this baseline is overwritten, the state changes: it names the other one as current.
    if (lastLifeState(arena, life) !== state) continue;
    const { values, column } = raw;
    if (marks && (state & LIFE_STATE.HIDDEN) !== 0 && scratch[0] === raw.activity)
      values.fill(Number.NaN, column, column + columnCount(definition));
    else if (definition.type !== 'gauge')
      for (let word = COLUMNS; word < words; word++)
        values[column + word - COLUMNS] = difference(values[column + word - COLUMNS], scratch[word]);
    // what is in flight at a reset ends later all the same
    else if (scratch[COLUMNS + 1] === raw.epoch && !isInFlight(arena, raw.record))
      values[column + VALUE_COLUMN] -= scratch[COLUMNS];
    return;
  }
}

const scratch = new Float64Array(COLUMNS + 2 ** 12);

/** Sums may have become infinite. */
function difference(now: number, before: number): number {
  return now === before ? 0 : now - before;
}
