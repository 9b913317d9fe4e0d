import type { MessagePort } from 'node:worker_threads';
import type { RulePort } from '../alerts/port';
import type { Parking } from '../atomics/parking';
import type { PlainError, StorageRefusal } from '../common/errors';
import type { StoragePort } from '../delivery/port';
import type { ResolvedQuery, TimeSeries } from '../delivery/types';
import type { ListenAddress, ServerSettings } from '../endpoint/server';
import type { Metric } from '../exposition/metrics';
import type { Exposition } from '../exposition/renderer';
import type { Finding } from '../lint/rules';
import type { QueryResult, RangeResult } from '../query/types';
import type { Cardinality } from '../snapshot/cardinality';

/** The workerData of a flush worker. */
export interface FlushWorkerData {
  arena: SharedArrayBuffer;
  storages: StoragePort[];
  /** Undefined if there are no rules. */
  rules?: RulePort;
  /** Whether the process is ending, and the worker shall only make the last flush. */
  ending?: boolean;
  /** Shared memory of the flush workers, beside the arena. */
  board?: SharedArrayBuffer;
  /** Buffer of the Parking by which the thread is asked to park: see atomics/parking.ts. */
  parking: SharedArrayBuffer;
}

/** The outcome of storing a snapshot in every storage. */
export interface StoreOutcome {
  /** Number of series in the snapshot. */
  series: number;
  failures: StorageRefusal[];
}

/** PromQL to be evaluated; times in milliseconds. */
export interface QueryInput {
  expression: string;
  timeout?: number;
  /** Set when the answer is not wanted any more: see cancel-flag.ts. */
  flag: SharedArrayBuffer;
}

/** The tasks of a flush worker, with the input and the output of each. */
export interface FlushTasks {
  exposition: { input: { names?: readonly string[] }; output: Exposition };
  json: { input: Record<string, never>; output: Uint8Array<ArrayBuffer> };
  metrics: { input: Record<string, never>; output: Metric[] };
  lint: { input: Record<string, never>; output: Finding[] };
  cardinality: { input: Record<string, never>; output: Cardinality };
  dashboard: { input: Record<string, never>; output: Uint8Array<ArrayBuffer> };
  store: { input: Record<string, never>; output: StoreOutcome };
  end: { input: Record<string, never>; output: undefined };
  query: { input: { storage: number; query: ResolvedQuery }; output: TimeSeries[] };
  stack: { input: { timeout: number }; output: string };
  instant: { input: QueryInput & { time: number }; output: QueryResult };
  range: { input: QueryInput & { start: number; end: number; step: number }; output: RangeResult };
  listen: { input: { settings: ServerSettings; control: MessagePort }; output: ListenAddress };
}

export type FlushTask = keyof FlushTasks;

/** The answer to a task. Errors are sent as plain objects, since structured clone would drop their codes. */
export type Outcome<T> = { ok: true; value: T } | { ok: false; error: PlainError };

/** The flushing side, wherever it runs. */
export interface FlushSide {
  /** Lets workers start without a delay. @returns whether other threads can work while the calling one is blocked */
  hurry(): boolean;
  /** Asks those threads to park, where they can be terminated safely. */
  askToPark(): Parking | undefined;
  run<T extends FlushTask>(task: T, input: FlushTasks[T]['input']): Promise<FlushTasks[T]['output']>;
  close(): Promise<void>;
}

/** The workerData of the thread of a user's own storage. */
export interface StorageWorkerData {
  arena: SharedArrayBuffer;
  port: StoragePort;
  parking: SharedArrayBuffer;
}

/** Exit code by which it asks to be replaced. The failed attempt that is the reason has been recorded already. */
export const RENEWAL = 75;

/** A query to that thread, and its answer. */
export interface StorageQuestion {
  id: string;
  query: ResolvedQuery;
}

export interface StorageAnswer {
  id: string;
  outcome: Outcome<TimeSeries[]>;
}
