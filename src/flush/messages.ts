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

/** What a flush worker is started with. */
export interface FlushWorkerData {
  arena: SharedArrayBuffer;
  storages: StoragePort[];
  /** None where there are no rules. */
  rules?: RulePort;
  /** Whether the process is ending, and all that is left to do is the last flush. */
  ending?: boolean;
  /** What the flush workers share beside the arena. */
  board?: SharedArrayBuffer;
  /** Where the thread is asked to park: see atomics/parking.ts. */
  parking: SharedArrayBuffer;
}

/** What became of a snapshot that was handed to every storage. */
export interface StoreOutcome {
  /** How many series it has. */
  series: number;
  failures: StorageRefusal[];
}

/** PromQL to be evaluated; times in milliseconds. */
export interface QueryInput {
  expression: string;
  timeout?: number;
  /** Says when the answer is not wanted any more. */
  flag: SharedArrayBuffer;
}

/** What can be asked of a flush worker: the input and the output of each task. */
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

/** What comes back: errors keep their codes this way, which structured clone would drop. */
export type Outcome<T> = { ok: true; value: T } | { ok: false; error: PlainError };

/** The flushing side, wherever it runs. */
export interface FlushSide {
  /** Lets workers start without a delay. @returns whether there are threads that go on while the calling one is blocked */
  hurry(): boolean;
  /** Asks those threads to stop for good, where they can be terminated safely. */
  askToPark(): Parking | undefined;
  run<T extends FlushTask>(task: T, input: FlushTasks[T]['input']): Promise<FlushTasks[T]['output']>;
  close(): Promise<void>;
}

/** What the thread of a user's own storage is started with. */
export interface StorageWorkerData {
  arena: SharedArrayBuffer;
  port: StoragePort;
  parking: SharedArrayBuffer;
}

/** What it exits with when it asks to be replaced: the failed attempt that made it do so has been noted already. */
export const RENEWAL = 75;

/** What it is asked, and what it answers. */
export interface StorageQuestion {
  id: string;
  query: ResolvedQuery;
}

export interface StorageAnswer {
  id: string;
  outcome: Outcome<TimeSeries[]>;
}
