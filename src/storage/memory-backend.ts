import type { Family } from '../aggregate/catalog';
import { type Sample, samplesOf } from '../aggregate/samples';
import type { Snapshot } from '../aggregate/snapshot';
import { RingmeterError } from '../errors';
import { type RingEntry, SnapshotRing } from './snapshot-ring';
import type { BackendContext, CreateBackend, ResolvedQuery, StorageBackend, TimeSeries } from './types';

/** What `MemoryStorage` sends to the workers. */
export interface MemoryBackendOptions {
  history: SharedArrayBuffer;
  /** Milliseconds. */
  maxAge: number;
  maxSnapshots: number;
}

export const createBackend: CreateBackend = (context) => new MemoryBackend(context);

/** Keeps snapshots in shared memory and reads them back as time series. */
export class MemoryBackend implements StorageBackend {
  private readonly history: SnapshotRing;

  private readonly options: MemoryBackendOptions;

  constructor(private readonly context: BackendContext) {
    this.options = context.options as MemoryBackendOptions;
    this.history = new SnapshotRing(new Float64Array(this.options.history));
  }

  store({ timestamp, places, values }: Snapshot): void {
    const { history, maxAge, maxSnapshots } = this.options;
    const stored = this.context.exclusively(() => {
      this.history.expire(timestamp - maxAge, maxSnapshots - 1);
      return this.history.append(timestamp, places, values);
    });
    if (stored === undefined)
      throw new RingmeterError(
        'RINGMETER_STORAGE_FAILED',
        `MemoryStorage: a snapshot of ${values.byteLength} bytes does not fit into maxBytes (${history.byteLength})`,
      );
  }

  query(query: ResolvedQuery): TimeSeries[] {
    const lines = this.context.families().flatMap((family) => matchingLines(family, query));
    const oldest = Math.max(query.from, Date.now() - this.options.maxAge);
    this.context.exclusively(() => {
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

function addPoint({ sample, column, place, result }: Line, { timestamp, places, values }: RingEntry): void {
  if (place < places && column < values.length) result.points.push({ timestamp, value: sample.read(values, column) });
}
