import type { Arena } from '../arena/arena';
import { high, int, RECORD, RECORD_KIND } from '../arena/layout';
import { directoryLength, readEntry } from '../arena/registry';
import type { Definition, LabelPairs } from './definition';
import { readDefinition, readLabels } from './register';

/** One series, as a reader of the registry knows it. */
export interface Series {
  readonly id: number;
  /** Int32Array index of the word that a gauge takes its epochs from. */
  readonly epoch: number;
  /** First column in a snapshot. */
  readonly column: number;
  /** Place in the directory: series at later places were registered later. */
  readonly place: number;
  readonly labels: LabelPairs;
}

/** A metric with its series, in the order they were registered. */
export interface Family {
  readonly record: number;
  readonly definition: Definition;
  readonly series: Series[];
}

/** One thread's reading of the registry. Grows by what was registered since the last `refresh`. */
export class Catalog {
  readonly families: Family[] = [];
  private readonly byRecord = new Map<number, Family>();
  private readonly byName = new Map<string, Family>();
  private read = 0;
  /** Places whose records were not published yet when they were read. */
  private pending: number[] = [];

  constructor(private readonly arena: Arena) {}

  refresh(): void {
    const length = directoryLength(this.arena);
    if (this.pending.length === 0 && this.read === length) return;
    const places = this.pending;
    this.pending = [];
    while (this.read < length) places.push(this.read++);
    for (const place of places) this.enter(place);
  }

  /** How many places of the directory have been read. */
  get places(): number {
    return this.read;
  }

  family(name: string): Family | undefined {
    return this.byName.get(name);
  }

  private enter(place: number): void {
    const { record, state } = readEntry(this.arena, place);
    if (state === 'pending') this.pending.push(place);
    if (state !== 'live') return;
    const { i32 } = this.arena;
    if (i32[high(record + RECORD.KEY)] === RECORD_KIND.FAMILY) {
      this.familyAt(record);
      return;
    }
    this.familyAt(i32[int(record + RECORD.SERIES)]).series.push({
      id: i32[high(record + RECORD.SERIES)],
      epoch: high(record + RECORD.SERIES_COLUMN),
      column: i32[int(record + RECORD.SERIES_COLUMN)],
      place,
      labels: readLabels(this.arena, record),
    });
  }

  private familyAt(record: number): Family {
    let family = this.byRecord.get(record);
    if (family === undefined) {
      family = { record, definition: readDefinition(this.arena, record), series: [] };
      this.byRecord.set(record, family);
      this.byName.set(family.definition.name, family);
      this.families.push(family);
    }
    return family;
  }
}
