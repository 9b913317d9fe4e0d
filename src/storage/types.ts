import type { Family } from '../aggregate/catalog';
import type { Snapshot } from '../aggregate/snapshot';

/** Which series to read back, and from when to when. */
export interface SeriesQuery {
  /** Name of a metric, or of one of its lines (`x_count`); a metric's name stands for all its lines. */
  name: string;
  /** Only series that have these label values. */
  labels?: Readonly<Record<string, string | number | boolean>>;
  /** First and last moment, inclusive: wall-clock milliseconds or Dates. Unbounded if left out. */
  from?: number | Date;
  to?: number | Date;
}

/** The history of one line. */
export interface TimeSeries {
  /** As Prometheus names it: `x_bucket`, `x_sum`, `x_count` for histograms. */
  name: string;
  labels: Record<string, string>;
  /** Ascending by time. */
  points: { /** Wall-clock milliseconds. */ timestamp: number; value: number }[];
}

/** A query with its bounds resolved. */
export interface ResolvedQuery {
  name: string;
  labels: Record<string, string>;
  from: number;
  to: number;
}

/** What a backend is told beside a snapshot or a query. */
export interface StorageContext {
  readonly families: readonly Family[];
}

/** The working half of a storage: lives where snapshots are made, in a flush worker. */
export interface StorageBackend {
  /** Throws or rejects if the snapshot could not be stored. */
  store(snapshot: Snapshot): void | Promise<void>;
  query?(query: ResolvedQuery, context: StorageContext): TimeSeries[] | Promise<TimeSeries[]>;
}

/** How a storage travels to the workers. */
export interface StorageDescription {
  readonly kind: 'memory';
  readonly options: unknown;
}

/** The half of a storage that a user constructs: a description, and a way to ask. */
export interface Storage {
  readonly description: StorageDescription;
  /** Called once, by the collector that the storage is given to. */
  bind(ask: (query: ResolvedQuery) => Promise<TimeSeries[]>): void;
  /** Reads back what was stored. */
  query(query: SeriesQuery): Promise<TimeSeries[]>;
}
