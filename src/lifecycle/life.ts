import type { Arena } from '../arena/arena';
import { isInFlight } from '../arena/in-flight';
import { LIFE, LIFE_STATE, PAGE_WORDS } from '../arena/layout';
import { lastLifeState, lifeOf, lifeState } from '../arena/lives';
import { VALUE_COLUMN } from '../kinds/counter';
import type { Definition } from '../kinds/definition';
import { columnCount, kindOf } from '../kinds/kinds';

/** The sums of one series over all shards, before its baseline is subtracted. Lives: see arena/lives.ts. */
export interface RawSeries {
  /** Index in the list of series that was merged. */
  index: number;
  record: number;
  values: Float64Array;
  /** First column in `values`. */
  column: number;
  /** A number that every record changes; for a counter, every record other than 0. */
  activity: number;
  /** Epoch of the `set` that is shown, if the kind has epochs. */
  epoch: number;
}

/** Called for each series when it has been merged; the argument is reused, and valid only during the call. */
export type OnMergedSeries = (raw: Readonly<RawSeries>) => void;

/** Words of a baseline: the activity, then the words of the kind. */
const KEPT = 1;
export function baselineWords(definition: Definition): number {
  return KEPT + kindOf(definition).baseline.words(definition);
}

/**
 * Whether a series counts requests or calls that have not ended yet. Such a series must not expire: they may take
 * longer than its ttl, and if its memory were reused, their ends would be subtracted from another series.
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

/** Whether anything has been recorded since the current baseline. */
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
 * Subtracts the values recorded in earlier lives. Any thread.
 *
 * @param marks whether a removed series gets NaN; otherwise it gets the values that its next life would start with
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
    // A writer changes the state before it overwrites this baseline: if the state is the same, the copy is valid.
    if (lastLifeState(arena, life) !== state) continue;
    const { values, column } = raw;
    if (marks && (state & LIFE_STATE.HIDDEN) !== 0 && scratch[0] === raw.activity)
      values.fill(Number.NaN, column, column + columnCount(definition));
    else {
      const { baseline, hasEpoch } = kindOf(definition);
      // gauges only: no other kind counts work in flight, and the flag is read from the record
      baseline.subtract(raw, scratch, KEPT, definition, hasEpoch && isInFlight(arena, raw.record));
    }
    return;
  }
}

/** Copy of a baseline, with room for the longest one. */
const scratch = new Float64Array(KEPT + PAGE_WORDS);
