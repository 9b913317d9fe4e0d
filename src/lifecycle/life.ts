import type { Arena } from '../arena/arena';
import { isInFlight } from '../arena/in-flight';
import { LIFE, LIFE_STATE, PAGE_WORDS } from '../arena/layout';
import { lastLifeState, lifeOf, lifeState } from '../arena/lives';
import { VALUE_COLUMN } from '../kinds/counter';
import type { Definition } from '../kinds/definition';
import { columnCount, kindOf } from '../kinds/kinds';

/** What has been added up of one series, before anything is taken off. */
export interface RawSeries {
  /** In the list that was added up. */
  index: number;
  record: number;
  values: Float64Array;
  /** First column in `values`. */
  column: number;
  /** A number that every record changes; of a counter, every one that is not 0. */
  activity: number;
  /** Epoch of the `set` that is shown, if the kind has epochs. */
  epoch: number;
}

/** What is done with each series when it has been added up; what it is given is good only during the call. */
export type OnMergedSeries = (raw: Readonly<RawSeries>) => void;

/** Words of a baseline: the activity, then what the kind keeps. */
const KEPT = 1;
export function baselineWords(definition: Definition): number {
  return KEPT + kindOf(definition).baseline.words(definition);
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
  kindOf(definition).baseline.write(f64, baseline + KEPT, raw, definition);
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
    else kindOf(definition).baseline.subtract(raw, scratch, KEPT, definition, isInFlight(arena, raw.record));
    return;
  }
}

/** A baseline that is being read: the most words that one can have. */
const scratch = new Float64Array(KEPT + PAGE_WORDS);
