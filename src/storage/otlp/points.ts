import type { Family } from '../../aggregate/catalog';
import { columnCount, HISTOGRAM_COLUMNS, presenceColumn, VALUE_COLUMN } from '../../aggregate/columns';
import type { Definition } from '../../aggregate/definition';
import type { Snapshot } from '../../aggregate/snapshot';
import { type Point, TEMPORALITY, type Temporality } from './encoder';
import type { Ledger } from './ledger';

/**
 * What a counter can seem to lose because its threads' sums were added in another order (one of them has ended), as a
 * part of its value. A greater loss is a series that began again.
 */
const ROUNDING = 1e-9;
const NOTHING = new Float64Array();

/** What OTLP calls the temporality of a metric's points. Only counters and histograms have deltas. */
export function temporalityOf({ type }: Definition, wanted: Temporality): Temporality {
  return type === 'counter' || type === 'histogram' ? wanted : TEMPORALITY.CUMULATIVE;
}

/**
 * The data points of one snapshot, one after the other, in the fields of this object. A delta is what was recorded since
 * the receiver last took the series: with the snapshot delivered before, or with a part of a later one.
 */
export class Points implements Point {
  family!: Family;
  index = 0;
  values: Float64Array = NOTHING;
  column = 0;
  start = 0;
  readonly time: number;
  private base: Float64Array = NOTHING;
  private change = NOTHING;

  constructor(
    private readonly snapshot: Snapshot,
    private readonly previous: Snapshot | undefined,
    private readonly ledger: Ledger,
    private readonly temporality: Temporality,
  ) {
    this.time = snapshot.timestamp;
  }

  /** @returns whether there is a point: a series that has not changed has no delta, unless it is new */
  read(family: Family, index: number): boolean {
    const { definition, series } = family;
    this.family = family;
    this.index = index;
    this.values = this.snapshot.values;
    this.column = series.columns[index];
    this.start = definition.type === 'gauge' ? 0 : Math.min(this.ledger.started, this.time);
    if (temporalityOf(definition, this.temporality) === TEMPORALITY.CUMULATIVE) return true;
    return this.toDelta(definition, series.places[index]);
  }

  private toDelta(definition: Definition, place: number): boolean {
    const known = this.findBase(definition, place);
    if (definition.type === 'counter') this.counterDelta();
    else this.histogramDelta(columnCount(definition));
    this.values = this.change;
    this.column = 0;
    return !known || isChange(definition, this.change);
  }

  /**
   * Finds what the receiver has of a series, and since when.
   *
   * @returns false if it has nothing
   */
  private findBase(definition: Definition, place: number): boolean {
    const { previous, ledger, column } = this;
    const end = column + columnCount(definition);
    const wasRemoved = Number.isNaN(previous?.values[column + presenceColumn(definition.type)]);
    const takenAt = ledger.takenAt(place);
    if (takenAt !== 0) this.base = ledger.values;
    else if (previous !== undefined && place < previous.places && end <= previous.values.length && !wasRemoved)
      this.base = previous.values;
    else this.base = NOTHING;
    // a wall clock can be set back
    this.start = Math.min(takenAt || (previous?.timestamp ?? ledger.started), this.time);
    return this.base !== NOTHING;
  }

  private before(offset: number): number {
    return this.base === NOTHING ? 0 : this.base[this.column + offset];
  }

  private counterDelta(): void {
    const now = this.snapshot.values[this.column + VALUE_COLUMN];
    const before = this.before(VALUE_COLUMN);
    const change = this.room(1);
    if (now >= before) change[0] = now === before ? 0 : now - before;
    else change[0] = before - now <= before * ROUNDING ? 0 : now;
  }

  private histogramDelta(width: number): void {
    const { values } = this.snapshot;
    const change = this.room(width);
    for (let offset = 0; offset < width; offset++) change[offset] = values[this.column + offset] - this.before(offset);
    let wentBack = false;
    for (let offset = HISTOGRAM_COLUMNS.COUNTS; offset < width; offset++) wentBack ||= change[offset] < 0;
    if (wentBack) change.set(values.subarray(this.column, this.column + width));
  }

  private room(width: number): Float64Array {
    if (this.change.length < width) this.change = new Float64Array(width);
    return this.change;
  }
}

/** Whether something was recorded. */
function isChange(definition: Definition, change: Float64Array): boolean {
  if (definition.type === 'counter') return change[VALUE_COLUMN] !== 0;
  const end = HISTOGRAM_COLUMNS.COUNTS + definition.buckets.length + 1;
  for (let bucket = HISTOGRAM_COLUMNS.COUNTS; bucket < end; bucket++) if (change[bucket] !== 0) return true;
  return false;
}
