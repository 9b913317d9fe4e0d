import type { Family } from '../aggregate/catalog';
import { type Sample, samplesOf } from '../aggregate/samples';
import type { Snapshot } from '../aggregate/snapshot';
import { RingmeterError } from '../errors';
import { type HistoryEntry, MemoryHistory } from './memory-history';
import type { ResolvedQuery, StorageBackend, StorageContext, TimeSeries } from './types';

/** What `MemoryStorage` sends to the workers. */
export interface MemoryBackendOptions {
  history: SharedArrayBuffer;
  /** Milliseconds. */
  maxAge: number;
  maxSnapshots: number;
}

/** Runs something that must not run on two threads at once. */
export type Exclusively = <T>(action: () => T) => T;

/** Keeps snapshots in shared memory and reads them back as time series. */
export class MemoryBackend implements StorageBackend {
  private readonly history: MemoryHistory;

  constructor(
    private readonly options: MemoryBackendOptions,
    private readonly exclusively: Exclusively,
  ) {
    this.history = new MemoryHistory(options.history);
  }

  store({ timestamp, places, values }: Snapshot): void {
    const { history, maxAge, maxSnapshots } = this.options;
    const stored = this.exclusively(() => {
      this.history.expire(timestamp - maxAge, maxSnapshots - 1);
      return this.history.append(timestamp, places, values);
    });
    if (!stored)
      throw new RingmeterError(
        'RINGMETER_STORAGE_FAILED',
        `MemoryStorage: a snapshot of ${values.byteLength} bytes does not fit into maxBytes (${history.byteLength})`,
      );
  }

  query(query: ResolvedQuery, { families }: StorageContext): TimeSeries[] {
    const lines = families.flatMap((family) => matchingLines(family, query));
    const oldest = Math.max(query.from, Date.now() - this.options.maxAge);
    this.exclusively(() => {
      for (const entry of this.history.entries())
        if (entry.timestamp >= oldest && entry.timestamp <= query.to) for (const line of lines) addPoint(line, entry);
    });
    return lines.map(({ result }) => result).filter(({ points }) => points.length > 0);
  }
}

/** One line of one series, and the answer it is collected into. */
interface Line {
  sample: Sample;
  column: number;
  place: number;
  result: TimeSeries;
}

function matchingLines(family: Family, query: ResolvedQuery): Line[] {
  const { definition, series } = family;
  const samples = samplesOf(definition).filter(
    ({ suffix }) => query.name === definition.name || query.name === `${definition.name}${suffix}`,
  );
  const wanted = Object.entries(query.labels);
  const lines: Line[] = [];
  for (let index = 0; samples.length > 0 && index < series.count; index++) {
    const pairs = family.labels(index);
    for (const sample of samples) {
      const labels = Object.fromEntries(sample.label === undefined ? pairs : [...pairs, sample.label]);
      if (!wanted.every(([name, value]) => labels[name] === value)) continue;
      const result = { name: `${definition.name}${sample.suffix}`, labels, points: [] };
      lines.push({ sample, column: series.columns[index], place: series.places[index], result });
    }
  }
  return lines;
}

function addPoint({ sample, column, place, result }: Line, { timestamp, places, values }: HistoryEntry): void {
  if (place < places && column < values.length) result.points.push({ timestamp, value: sample.read(values, column) });
}
