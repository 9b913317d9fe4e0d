import { extname, isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf } from '../../common/errors';
import { StorageFailure } from '../../common/storage-failure';
import type { StoragePort } from '../../delivery/port';
import type { ResolvedQuery, StorageBackend, TimeSeries } from '../../delivery/types';
import { type Metric, toMetrics } from '../../exposition/metrics';
import { PROMETHEUS_TEXT } from '../../exposition/prometheus';
import { type Exposition, TextRenderer } from '../../exposition/renderer';
import { sendable } from '../../exposition/sendable';
import type { Snapshot } from '../../snapshot/snapshot';

/** A snapshot as it is passed to a user's storage module. */
export interface StoredSnapshot {
  /** Wall-clock milliseconds. */
  readonly timestamp: number;
  /** Every series with its value then. Made when it is asked for. */
  metrics(): Metric[];
  /** The same as a scrape would have shown it. */
  exposition(): Exposition;
}

/** The context that a user's storage module gets at every call. */
export interface StorageModuleContext<Options = unknown> {
  /** The storage's name. */
  readonly name: string;
  /** The description's `options`. */
  readonly options: Options;
  /** Aborted when the call takes longer than the storage's `timeout`. */
  readonly signal: AbortSignal;
}

/**
 * The exports of a storage module: by name, or as its default export. It is loaded in a thread that only this storage
 * uses, so it may keep state. Calls never overlap. A call that rejects is repeated with the same snapshot, unless the
 * error has `retryable: false`; the error's `retryAfter` is the least wait in milliseconds.
 */
export interface StorageModule<Options = unknown> {
  open?(context: StorageModuleContext<Options>): void | Promise<void>;
  store(snapshot: StoredSnapshot, context: StorageModuleContext<Options>): void | Promise<void>;
  query?(query: ResolvedQuery, context: StorageModuleContext<Options>): TimeSeries[] | Promise<TimeSeries[]>;
  close?(context: StorageModuleContext<Options>): void | Promise<void>;
}

/** Loads the user's module and adapts it to `StorageBackend`. */
export async function openForeign(
  { description: { module, options }, delivery: { name } }: StoragePort,
  defaultLabels: Readonly<Record<string, string>>,
): Promise<StorageBackend> {
  const loaded = await load(module);
  const renderer = new TextRenderer(PROMETHEUS_TEXT, defaultLabels);
  const context = (signal: AbortSignal): StorageModuleContext => ({ name, options, signal });
  const wrapped = (snapshot: Snapshot): StoredSnapshot => ({
    timestamp: snapshot.timestamp,
    metrics: () => toMetrics(snapshot),
    exposition: () => sendable({ contentType: renderer.format.contentType, body: renderer.render(snapshot) }),
  });
  return {
    open: async (signal) => loaded.open?.(context(signal)),
    store: async (snapshot, { signal }) => loaded.store(wrapped(snapshot), context(signal)),
    query: loaded.query && (async (query) => loaded.query!(query, context(NEVER))),
    close: async (signal) => loaded.close?.(context(signal)),
  };
}

async function load(module: string): Promise<StorageModule> {
  const namespace = await importOrRequire(module);
  const found = [namespace, namespace.default, namespace.default?.default].find(
    (candidate) => typeof candidate?.store === 'function',
  );
  if (found !== undefined) return found;
  throw new StorageFailure(`${module} does not export a function named store`, { retryable: true });
}

/** Falls back to `require` for files that only a `require` hook can load, such as that of ts-node/register. */
async function importOrRequire(module: string) {
  try {
    return await import(isAbsolute(module) ? pathToFileURL(module).href : module);
  } catch (error) {
    const isUnknown = (error as NodeJS.ErrnoException).code === 'ERR_UNKNOWN_FILE_EXTENSION';
    if (isUnknown && extname(module) in require.extensions) return require(module);
    throw isUnknown ? unknownKind(module, error) : error;
  }
}

function unknownKind(module: string, cause: unknown): StorageFailure {
  const cure = "preload a transpiler in all threads ('node --import tsx', 'node --require ts-node/register')";
  return new StorageFailure(`${module} cannot be loaded: ${messageOf(cause)}; compile it, or ${cure}`, {
    retryable: true,
    cause,
  });
}

const NEVER = new AbortController().signal;
