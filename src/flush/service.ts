import type { MessagePort } from 'node:worker_threads';
import { threadId } from 'node:worker_threads';
import type { Family } from '../aggregate/catalog';
import { Collect } from '../aggregate/collect';
import { Drainer } from '../aggregate/drain';
import type { Snapshot } from '../aggregate/snapshot';
import type { Arena } from '../arena/arena';
import { HEADER, high, int } from '../arena/layout';
import { threadMark } from '../arena/shard';
import { lock, tryLock, unlock } from '../atomics/mutex';
import type { Connections } from '../endpoint/connections';
import { type ListenAddress, openEndpoint } from '../endpoint/server';
import { RingmeterError } from '../errors';
import { toJson } from '../exposition/json';
import { type Metric, toMetrics } from '../exposition/metrics';
import { CONTENT_TYPE, type Exposition, PrometheusRenderer } from '../exposition/prometheus';
import type { Settings } from '../settings';
import { openBackend } from '../storage/open';
import type { ResolvedQuery, StorageBackend, StorageDescription, TimeSeries } from '../storage/types';

const NEVER = new AbortController().signal;
/** How long a storage waits for another thread that stores or reads the same history. */
const LEASE_PATIENCE_MS = 1_000;

/**
 * Everything that can be asked of the flushing side. A flush worker has one; without flush workers, so has the thread of
 * the collector. Several on one arena do not disturb each other.
 */
export class FlushService {
  readonly settings: Settings;
  readonly drainer: Drainer;
  private readonly mark = threadMark(threadId);
  private readonly collect: Collect;
  private readonly renderer: PrometheusRenderer;
  private readonly storages: StorageBackend[];
  private readonly endpoints = new Set<Connections>();
  private running: Promise<Snapshot> | undefined;
  private queued: Promise<Snapshot> | undefined;

  constructor(
    readonly arena: Arena,
    storages: readonly StorageDescription[],
  ) {
    this.settings = arena.settings as Settings;
    this.drainer = new Drainer(arena, this.mark);
    this.collect = new Collect(arena, this.drainer);
    this.renderer = new PrometheusRenderer(this.settings.defaultLabels);
    this.storages = storages.map(({ kind, module, options }) =>
      openBackend(module, {
        name: kind,
        options,
        defaultLabels: this.settings.defaultLabels,
        families: () => this.families(),
        exclusively: (action) => this.exclusively(action),
      }),
    );
  }

  /**
   * A snapshot of everything recorded before the call. Calls that come while one is being made share the next, so any
   * number of impatient clients cost two collects.
   */
  snapshot(): Promise<Snapshot> {
    if (this.running === undefined) {
      this.running = this.collect.snapshot().finally(() => {
        this.running = undefined;
      });
      return this.running;
    }
    this.queued ??= this.running.then(
      () => this.nextSnapshot(),
      () => this.nextSnapshot(),
    );
    return this.queued;
  }

  private nextSnapshot(): Promise<Snapshot> {
    this.queued = undefined;
    return this.snapshot();
  }

  async exposition(names?: readonly string[]): Promise<Exposition> {
    return { contentType: CONTENT_TYPE, body: this.renderer.render(await this.snapshot(), names) };
  }

  async metrics(): Promise<Metric[]> {
    return toMetrics(await this.snapshot());
  }

  async json(): Promise<Uint8Array<ArrayBuffer>> {
    return toJson(await this.metrics());
  }

  /**
   * Hands one snapshot to every storage.
   *
   * @returns how many series were stored
   * @throws the first storage's error, when all have been tried
   */
  async store(): Promise<number> {
    const snapshot = await this.snapshot();
    const results = await Promise.allSettled(
      this.storages.map(async (storage) => storage.store(snapshot, { signal: NEVER })),
    );
    const failed = results.find((result) => result.status === 'rejected');
    const { i32 } = this.arena;
    Atomics.add(i32, failed === undefined ? int(HEADER.FLUSHES) : high(HEADER.FLUSHES), 1);
    if (failed !== undefined) throw failed.reason;
    return snapshot.families.reduce((sum, { series }) => sum + series.count, 0);
  }

  private families(): readonly Family[] {
    this.collect.catalog.refresh();
    return this.collect.catalog.families;
  }

  async query(storage: number, query: ResolvedQuery): Promise<TimeSeries[]> {
    const answer = this.storages[storage]?.query?.(query);
    if (answer === undefined) throw new RingmeterError('RINGMETER_INVALID_QUERY', 'this storage cannot be read back');
    return answer;
  }

  /** Opens the scrape endpoint on this thread. It is closed when `control` says so. */
  async listen(address: ListenAddress, control: MessagePort): Promise<ListenAddress> {
    const { connections, bound } = await openEndpoint(address, (names) => {
      Atomics.add(this.arena.i32, high(HEADER.COLLECTS), 1);
      return this.exposition(names);
    });
    this.endpoints.add(connections);
    control.once('message', async () => {
      await this.closeOne(connections);
      control.postMessage('closed');
      control.close();
    });
    control.unref();
    return bound;
  }

  async close(): Promise<void> {
    await Promise.all([...this.endpoints].map((connections) => this.closeOne(connections)));
  }

  private async closeOne(connections: Connections): Promise<void> {
    this.endpoints.delete(connections);
    await connections.close();
  }

  private exclusively<T>(action: () => T): T {
    const { i32 } = this.arena;
    const lease = int(HEADER.FLUSH_LEASE);
    if (!lock(i32, lease, this.mark, performance.now() + LEASE_PATIENCE_MS))
      throw new RingmeterError('RINGMETER_STORAGE_FAILED', `the history was in use for ${LEASE_PATIENCE_MS} ms`);
    try {
      return action();
    } finally {
      unlock(i32, lease);
    }
  }

  /** Whether the regular flush is due, for one of all the threads that ask. */
  claimFlush(): boolean {
    const { arena } = this;
    const { flushInterval } = this.settings;
    const now = arena.clock();
    if (flushInterval === 0 || now < arena.f64[HEADER.NEXT_FLUSH]) return false;
    if (!tryLock(arena.i32, int(HEADER.FLUSH_LEASE), this.mark)) return false;
    const due = now >= arena.f64[HEADER.NEXT_FLUSH];
    if (due) arena.f64[HEADER.NEXT_FLUSH] = now + flushInterval;
    unlock(arena.i32, int(HEADER.FLUSH_LEASE));
    return due;
  }
}
