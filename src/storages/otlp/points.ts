import type { Definition } from '../../kinds/definition';
import { columnCount, kindOf } from '../../kinds/kinds';
import type { Family } from '../../registry/catalog';
import type { Snapshot } from '../../snapshot/snapshot';
import { type Point, TEMPORALITY, type Temporality } from './encoder';
import type { Ledger } from './ledger';

const NOTHING = new Float64Array();

/** The temporality of a metric's points: not every kind supports deltas. */
export function temporalityOf(definition: Definition, wanted: Temporality): Temporality {
  return kindOf(definition).delta === undefined ? TEMPORALITY.CUMULATIVE : wanted;
}

/**
 * A cursor over the data points of one snapshot, in the fields of this object. A delta is what was recorded since the
 * receiver last accepted the series: with the previously delivered snapshot, or with a part of a later one.
 */
export class PointCursor implements Point {
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
    this.start = kindOf(definition).pointType === 'gauge' ? 0 : Math.min(this.ledger.started, this.time);
    if (temporalityOf(definition, this.temporality) === TEMPORALITY.CUMULATIVE) return true;
    return this.toDelta(definition, series.births[index]);
  }

  private toDelta(definition: Definition, birth: number): boolean {
    const known = this.findBase(definition, birth);
    const width = columnCount(definition);
    if (this.change.length < width) this.change = new Float64Array(width);
    const before = known ? this.base : undefined;
    const isChanged = kindOf(definition).delta!(this.change, definition, this.column, this.snapshot.values, before);
    this.values = this.change;
    this.column = 0;
    return !known || isChanged;
  }

  /**
   * Finds the values of a series that the receiver accepted last, and since when.
   *
   * @returns false if it has accepted none
   */
  private findBase(definition: Definition, birth: number): boolean {
    const { previous, ledger, column } = this;
    const end = column + columnCount(definition);
    const wasRemoved = Number.isNaN(previous?.values[column + kindOf(definition).presenceColumn]);
    const takenAt = ledger.takenAt(birth);
    if (takenAt !== 0) this.base = ledger.values;
    else if (previous !== undefined && birth < previous.births && end <= previous.values.length && !wasRemoved)
      this.base = previous.values;
    else this.base = NOTHING;
    // a wall clock can be set back
    this.start = Math.min(takenAt || (previous?.timestamp ?? ledger.started), this.time);
    return this.base !== NOTHING;
  }
}
