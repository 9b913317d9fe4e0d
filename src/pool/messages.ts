import type { MessagePort } from 'node:worker_threads';
import type { ListenAddress } from '../endpoint/server';
import type { PlainError } from '../errors';
import type { Metric } from '../exposition/metrics';
import type { Exposition } from '../exposition/prometheus';
import type { ResolvedQuery, StorageDescription, TimeSeries } from '../storage/types';

/** What a flush worker is started with. */
export interface FlushWorkerData {
  arena: SharedArrayBuffer;
  storages: StorageDescription[];
}

/** What can be asked of a flush worker: the input and the output of each task. */
export interface FlushTasks {
  exposition: { input: { names?: readonly string[] }; output: Exposition };
  json: { input: Record<string, never>; output: Uint8Array<ArrayBuffer> };
  metrics: { input: Record<string, never>; output: Metric[] };
  store: { input: Record<string, never>; output: number };
  query: { input: { storage: number; query: ResolvedQuery }; output: TimeSeries[] };
  listen: { input: { address: ListenAddress; control: MessagePort }; output: ListenAddress };
}

export type FlushTask = keyof FlushTasks;

/** What comes back: errors keep their codes this way, which structured clone would drop. */
export type Outcome<T> = { ok: true; value: T } | { ok: false; error: PlainError };

/** The flushing side, wherever it runs. */
export interface FlushSide {
  run<T extends FlushTask>(task: T, input: FlushTasks[T]['input']): Promise<FlushTasks[T]['output']>;
  close(): Promise<void>;
}
