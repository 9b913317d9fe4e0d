import type { Arena } from '../arena/arena';
import { hasLives, isGone, lifeOf, startColumn } from '../arena/lives';
import type { Definition, LabelPairs } from '../kinds/definition';
import { birthOf, registeredAt } from './births';
import { eachLabelText, labelSpan, readLabels } from './series-key';
import { SeriesList } from './series-list';

/** The series of a metric, as columns; elements from `count` on are unused. */
export interface FamilySeries {
  readonly count: number;
  /** Changes when the memory of a series here has been used for another one. */
  readonly reborn: number;
  /** Numbers that tell the series of all metrics of one source apart. */
  readonly ids: ArrayLike<number>;
  /** First columns in a snapshot. */
  readonly columns: ArrayLike<number>;
  /** Numbers of births: a snapshot has only series with lower numbers than its own. */
  readonly births: ArrayLike<number>;
}

/** Where the labels of a series are: a part of its key, see series-key.ts. */
export interface LabelBytes {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** Visits the labels of a series as UTF-8: name, value, name, value. */
export type VisitLabels = (bytes: Uint8Array, start: number, end: number) => void;

/**
 * A metric with its series, as snapshots have it, wherever the data are. A series is given by its index in `series`. What
 * is said of a series is true if `isSame` has just been true.
 */
export interface Family {
  /** Tells the metrics of one source apart. */
  readonly id: number;
  readonly definition: Definition;
  readonly series: FamilySeries;
  /** Whether series may have been removed or reset: only then may the start of a series change. */
  readonly hasLives: boolean;
  /** Whether a series is still the one that was listed: its memory may be used for another one. */
  isSame(index: number): boolean;
  labels(index: number): LabelPairs;
  eachLabelText(index: number, visit: VisitLabels): void;
  labelBytes(index: number): LabelBytes;
  /** When the series was registered, in wall-clock milliseconds. */
  registeredAt(index: number): number;
  /**
   * The column of a snapshot that has the start of the series, in wall-clock milliseconds; 0 there, or a column beyond the
   * snapshot, stands for the registration. -1 if there is none.
   */
  startColumn(index: number): number;
}

/** A metric in an arena. Any thread; it reads the labels where they are. */
export class RegisteredFamily implements Family {
  readonly series = new SeriesList();

  /** @param record of the family in the registry */
  constructor(
    readonly arena: Arena,
    readonly record: number,
    readonly definition: Definition,
  ) {}

  get id(): number {
    return this.record;
  }

  get hasLives(): boolean {
    return hasLives(this.arena, this.record);
  }

  /**
   * The state is loaded first, atomically: a record that is reused is first marked gone, then gets its new birth, and only
   * then loses the gone mark.
   */
  isSame(index: number): boolean {
    const { arena, series } = this;
    const record = series.records[index];
    return !isGone(arena, record) && birthOf(arena, record) <= series.births[index];
  }

  labels(index: number): LabelPairs {
    return readLabels(this.arena, this.series.records[index]);
  }

  eachLabelText(index: number, visit: VisitLabels): void {
    const { arena, series } = this;
    eachLabelText(arena, series.records[index], (start, end) => visit(arena.u8, start, end));
  }

  labelBytes(index: number): LabelBytes {
    const { arena, series } = this;
    return { bytes: arena.u8, ...labelSpan(arena, series.records[index]) };
  }

  registeredAt(index: number): number {
    return registeredAt(this.arena, this.series.records[index]);
  }

  startColumn(index: number): number {
    const { arena, series } = this;
    const life = lifeOf(arena, series.records[index]);
    return life === 0 ? -1 : startColumn(arena, life);
  }
}
