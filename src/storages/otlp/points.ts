import type { Definition } from '../../kinds/definition';
import { columnCount, kindOf } from '../../kinds/kinds';
import type { Family } from '../../registry/family';
import type { Snapshot } from '../../snapshot/snapshot';
import { startOf } from '../../snapshot/start';
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
  isEnd = false;
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

  /**
   * Reads the point of a series that the snapshot has. Call it right after `presenceIn` has found the series.
   *
   * @returns whether there is a point: a series that has not changed has no delta, unless it is new
   */
  read(family: Family, index: number): boolean {
    const { definition, series } = family;
    this.begin(family, index);
    this.values = this.snapshot.values;
    this.column = series.columns[index];
    this.isEnd = false;
    const start = startOf(this.snapshot, family, index);
    this.start = kindOf(definition).pointType === 'gauge' ? 0 : start;
    return this.isCumulative(definition) || this.toDelta(definition, series.births[index], start);
  }

  /**
   * Makes the point that tells the end of a series, which the previous snapshot has and this one has not.
   *
   * @returns whether there is a point: a sum of deltas ends without one
   */
  end(family: Family, index: number): boolean {
    this.begin(family, index);
    this.start = 0;
    this.isEnd = true;
    return this.isCumulative(family.definition);
  }

  private begin(family: Family, index: number): void {
    this.family = family;
    this.index = index;
  }

  private isCumulative(definition: Definition): boolean {
    return temporalityOf(definition, this.temporality) === TEMPORALITY.CUMULATIVE;
  }

  /** @param start since when the series counts */
  private toDelta(definition: Definition, birth: number, start: number): boolean {
    const known = this.findBase(definition, birth, start);
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
   * @returns false if it has accepted none since the series began to count
   */
  private findBase(definition: Definition, birth: number, start: number): boolean {
    const { previous, ledger, column } = this;
    const end = column + columnCount(definition);
    const acceptedAt = ledger.takenAt(birth);
    if (acceptedAt !== 0) this.base = ledger.values;
    else if (previous !== undefined && birth < previous.births && end <= previous.values.length)
      this.base = previous.values;
    else this.base = NOTHING;
    const before = acceptedAt || (previous?.timestamp ?? ledger.started);
    const wasRemoved = Number.isNaN(this.base[column + kindOf(definition).presenceColumn]);
    if (start > before || wasRemoved) this.base = NOTHING;
    // a wall clock can be set back
    this.start = Math.min(Math.max(before, start), this.time);
    return this.base !== NOTHING;
  }
}
