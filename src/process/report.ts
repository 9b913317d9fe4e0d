import type { Arena } from '../arena/arena';
import type { Settings } from '../common/settings';
import { type OwnSeries, openOwnSeries } from '../registry/own-series';
import type { CallbackValue } from '../snapshot/collect';

/** A metric whose values are read when a snapshot is made. Its name gets the prefix unless it is the library's own. */
export type Metric = Omit<OwnSeries, 'labels'>;

/** Reads one source for a snapshot. */
export type Sampler = (report: Report) => void;

interface Entry {
  /** Undefined if the series could not be registered. */
  readonly column: number | undefined;
  value: number;
  readonly read: () => number;
}

/** Values for the next snapshot. A series is registered when it first gets a value. */
export class Report {
  private readonly entries = new Map<string, Entry>();
  private readings: CallbackValue[] = [];
  private readonly defaultLabels: Readonly<Record<string, string>>;

  constructor(
    private readonly arena: Arena,
    private readonly prefix: string,
    private readonly labels: Readonly<Record<string, string>>,
  ) {
    ({ defaultLabels: this.defaultLabels } = arena.settings as Settings);
  }

  /** Returns the values set since the last call. */
  take(): readonly CallbackValue[] {
    const { readings } = this;
    this.readings = [];
    return readings;
  }

  /** Sets a value. Ignores NaN and infinities, such as a missing limit. */
  set(metric: Metric, value: number, own?: Readonly<Record<string, string>>): void {
    if (!Number.isFinite(value)) return;
    const key = own === undefined ? metric.name : [metric.name, ...Object.values(own)].join('\n');
    let entry = this.entries.get(key);
    if (entry === undefined) {
      entry = this.open(metric, own);
      this.entries.set(key, entry);
    }
    entry.value = value;
    if (entry.column !== undefined) this.readings.push(entry as CallbackValue);
  }

  /** Sets the value of a column that other code has registered. */
  setColumn(column: number, value: number): void {
    this.readings.push({ column, read: () => value });
  }

  private open({ name, type, description }: Metric, own: Readonly<Record<string, string>> = {}): Entry {
    const fullName = name.startsWith('ringmeter_') ? name : this.prefix + name;
    const series = { name: fullName, type, description, labels: { ...this.labels, ...own } };
    const entry: Entry = {
      column: openOwnSeries(this.arena, series, this.defaultLabels),
      value: 0,
      read: () => entry.value,
    };
    return entry;
  }
}

export const counter = (name: string, description: string): Metric => ({ name, type: 'counter', description });
export const gauge = (name: string, description: string): Metric => ({ name, type: 'gauge', description });
