import type { Family } from '../registry/family';
import type { Snapshot } from '../snapshot/snapshot';

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
  /** Function to apply to the points, if the storage supports it: then a series has one point, at the range's end. */
  function?: 'rate' | 'increase' | 'quantile';
  /** Which quantile. */
  quantile?: number;
}

/** The context that a backend is made with. */
export interface BackendContext {
  /** The storage's name, as in its metrics and warnings. */
  readonly name: string;
  /** The `options` of the storage's description. */
  readonly options: unknown;
  /** The collector's default labels: every series has them already, a metric without series does not. */
  readonly defaultLabels: Readonly<Record<string, string>>;
  /** The metrics that are registered now. */
  families(): readonly Family[];
  /** Runs `action` under this storage's lock. Must be short; throws if it waits for the lock for more than a second. */
  exclusively<T>(action: () => T): T;
}

/** What a backend's module exports as `createBackend`. It is called in a flush worker. */
export type CreateBackend = (context: BackendContext) => StorageBackend;

/** One attempt to store a snapshot. */
export interface Attempt {
  /** Aborted when the attempt takes longer than the storage's `timeout`. */
  readonly signal: AbortSignal;
  /**
   * The snapshot that this storage stored last, also by a worker before this one; undefined if none. Only for storages
   * whose description says `keepsPrevious`.
   */
  readonly previous?: Snapshot;
}

/**
 * The half of a storage that runs in a flush worker. One thread at a time uses it: snapshots come one after the other,
 * the oldest first, and none is dropped while it is being tried.
 */
export interface StorageBackend {
  /** Called once, before anything else. If it fails, it is called again at the next attempt. */
  open?(signal: AbortSignal): void | Promise<void>;
  /**
   * Stores one snapshot. If it throws or rejects, it is called again later with the same snapshot, unless the error has
   * `retryable: false`; the error's `retryAfter` is the least delay in milliseconds. After a worker has died, a
   * snapshot that had just been stored may come a second time.
   */
  store(snapshot: Snapshot, attempt: Attempt): void | Promise<void>;
  /** Reads back what was stored. */
  query?(query: ResolvedQuery): TimeSeries[] | Promise<TimeSeries[]>;
  /** Called when the collector closes, after the last `store`, if that was reached in time. */
  close?(signal: AbortSignal): void | Promise<void>;
}

/** Queueing, timeout and retries of the snapshots for a storage. */
export interface DeliveryOptions {
  /** Tells storages apart in metrics, warnings and `stats()`. Default: what kind it is. */
  name?: string;
  /** Milliseconds between snapshots; 0 = only when asked. Default: the collector's `flushInterval`. */
  interval?: number;
  /** Milliseconds that one attempt may take. Default 10 000. */
  timeout?: number;
  /** Snapshots that wait to be stored. */
  queue?: {
    /** Bytes of shared address space, resident where used; the oldest snapshots make room. Default 32 MiB. */
    maxBytes?: number;
    /** Seconds after which a snapshot that could not be stored is dropped. Default 3600. */
    maxAge?: number;
  };
  /** Backoff between attempts: doubles from the first delay to the longest, less random jitter of up to a half. */
  retry?: {
    /** Milliseconds. Default 1 000. */
    firstDelay?: number;
    /** Milliseconds. Default 30 000. */
    longestDelay?: number;
  };
}

/** The description of a storage that is sent to the workers. Everything in it can be cloned. */
export interface StorageDescription {
  /** The default name. */
  readonly kind: string;
  /** Path or package of the backend's module. */
  readonly module: string;
  readonly options: unknown;
  readonly delivery: DeliveryOptions;
  /**
   * Whether it gets no `ringmeter_storage_*` series. Every delivery changes them: a receiver of changes would get more
   * of them than a small application has series of its own.
   */
  readonly omitsStorageMetrics?: boolean;
  /** Whether `Attempt.previous` is wanted. */
  readonly keepsPrevious?: boolean;
  /** Set for a module of the user, which runs in a thread of its own: the memory limit of that thread in bytes. */
  readonly foreign?: { readonly maxMemory: number };
  /** Whether it stores synchronously in memory that all workers share: no queue, no retries. */
  readonly direct?: boolean;
}

/** The half of a storage that a user constructs: a description, and a way to query. */
export interface Storage {
  readonly description: StorageDescription;
  /** Called once, by the collector that the storage is given to. */
  bind(ask: (query: ResolvedQuery) => Promise<TimeSeries[]>): void;
  /** Reads back what was stored. */
  query(query: SeriesQuery): Promise<TimeSeries[]>;
}
