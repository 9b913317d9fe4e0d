import type { Arena } from '../arena/arena';
import { isInFlight } from '../arena/in-flight';
import { BASELINE, LIFE, LIFE_STATE, PAGE_WORDS } from '../arena/layout';
import { lastLifeState, lifeOf, lifeState, startColumn } from '../arena/lives';
import { VALUE_COLUMN } from '../kinds/counter';
import type { Definition } from '../kinds/definition';
import { columnCount, kindOf } from '../kinds/kinds';
import { registeredAt } from '../registry/births';

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

/** Words of a baseline. */
export function baselineWords(definition: Definition): number {
  return BASELINE.KIND + kindOf(definition).baseline.words(definition);
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

/**
 * Writes the baseline that is not current. Only the holder of the lock of the lives calls this.
 *
 * @param timestamp when the series begins to count from it, in wall-clock milliseconds
 */
export function writeBaseline(
  { f64 }: Arena,
  life: number,
  state: number,
  definition: Definition,
  raw: RawSeries,
  timestamp: number,
): void {
  const words = baselineWords(definition);
  const baseline = baselineOf(life, state ^ LIFE_STATE.SECOND, words);
  f64[baseline + BASELINE.ACTIVITY] = raw.activity;
  f64[baseline + BASELINE.START] = timestamp;
  kindOf(definition).baseline.write(f64, baseline + BASELINE.KIND, raw, definition);
}

/** Notes that a removed series has had no record up to a time. Only the holder of the lock of the lives calls this. */
export function postponeStart(
  { f64 }: Arena,
  life: number,
  state: number,
  definition: Definition,
  timestamp: number,
): void {
  const baseline = baselineOf(life, state, baselineWords(definition));
  f64[baseline + BASELINE.START] = Math.max(f64[baseline + BASELINE.START], timestamp);
}

/** Whether anything has been recorded since the current baseline. */
export function isChanged(
  { f64 }: Arena,
  life: number,
  state: number,
  definition: Definition,
  activity: number,
): boolean {
  return f64[baselineOf(life, state, baselineWords(definition)) + BASELINE.ACTIVITY] !== activity;
}

/**
 * Subtracts the values recorded in earlier lives. Any thread.
 *
 * @param marks whether the values are those of a snapshot: a removed series gets NaN there, and the start gets its
 *   column. Otherwise a removed series gets the values that its next life would start with
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
    if (marks && (state & LIFE_STATE.HIDDEN) !== 0 && scratch[BASELINE.ACTIVITY] === raw.activity)
      values.fill(Number.NaN, column, column + columnCount(definition));
    else {
      const { baseline, hasEpoch } = kindOf(definition);
      // gauges only: no other kind counts work in flight, and the flag is read from the record
      baseline.subtract(raw, scratch, BASELINE.KIND, definition, hasEpoch && isInFlight(arena, raw.record));
    }
    if (marks) writeStart(arena, life, raw);
    return;
  }
}

/** Stores the start of the series in its column of the snapshot: the later one of the record's and the baseline's. */
function writeStart(arena: Arena, life: number, { record, values }: RawSeries): void {
  const column = startColumn(arena, life);
  // a life that was made after the snapshot was begun has no column in it
  if (column < values.length) values[column] = Math.max(registeredAt(arena, record), scratch[BASELINE.START]);
}

/** Copy of a baseline, with room for the longest one. */
const scratch = new Float64Array(BASELINE.KIND + PAGE_WORDS);
