import type { MessagePort } from 'node:worker_threads';
import { threadId } from 'node:worker_threads';
import { type Cardinality, cardinalityOf } from '../aggregate/cardinality';
import type { Family } from '../aggregate/catalog';
import { Collect } from '../aggregate/collect';
import { Drainer } from '../aggregate/drain';
import { QUARANTINE_MS, Recycler } from '../aggregate/recycler';
import { countSeries, type Snapshot, type TakenSnapshot } from '../aggregate/snapshot';
import type { Arena } from '../arena/arena';
import { HEADER, high, int } from '../arena/layout';
import { threadMark } from '../arena/shard';
import type { Connections } from '../endpoint/connections';
import { MetricsPage } from '../endpoint/metrics-page';
import { type ListenAddress, openEndpoint } from '../endpoint/server';
import { messageOf } from '../errors';
import { toJson } from '../exposition/json';
import { type Metric, toMetrics } from '../exposition/metrics';
import { CONTENT_TYPE, type Exposition, PrometheusRenderer } from '../exposition/prometheus';
import type { Settings } from '../settings';
import type { StoragePort } from '../storage/port';
import type { ResolvedQuery, TimeSeries } from '../storage/types';
import { warn } from '../warning';
import type { StoreOutcome } from './messages';
import { registerStorageMetrics } from './storage-metrics';
import { Storages } from './storages';

/** How often somebody has to collect: by how much of its ttl a series may end too late. */
const SHARE_OF_TTL = 1 / 8;
const LONGEST_IDLENESS_MS = 30_000;

/**
 * Everything that can be asked of the flushing side. A flush worker has one; without flush workers, so has the thread of
 * the collector. Several on one arena do not disturb each other.
 */
export class FlushService {
  readonly settings: Settings;
  readonly drainer: Drainer;
  private readonly mark = threadMark(threadId);
  private readonly collect: Collect;
  private readonly recycler: Recycler;
  private readonly renderer: PrometheusRenderer;
  private readonly storages: Storages;
  private readonly page: MetricsPage;
  private readonly endpoints = new Set<Connections>();
  private running: Promise<TakenSnapshot> | undefined;
  private queued: Promise<TakenSnapshot> | undefined;
  private ended: Promise<void> | undefined;
  private recycledAt = 0;

  constructor(
    readonly arena: Arena,
    ports: readonly StoragePort[],
  ) {
    this.settings = arena.settings as Settings;
    this.drainer = new Drainer(arena, this.mark);
    this.collect = new Collect(arena, this.drainer);
    this.recycler = new Recycler(arena, this.drainer, this.settings.quarantine ?? QUARANTINE_MS);
    this.renderer = new PrometheusRenderer(this.settings.defaultLabels);
    this.page = new MetricsPage({
      asked: () => Atomics.add(arena.i32, high(HEADER.COLLECTS), 1),
      snapshot: () => this.snapshot(),
      render: (snapshot, names) => this.render(snapshot, names),
    });
    this.storages = new Storages(arena, ports, this.mark, () => this.families());
    this.collect.readings = registerStorageMetrics(arena, this.storages.delivered());
  }

  /**
   * A snapshot of everything recorded before the call. Calls that come while one is being made share the next, so any
   * number of impatient clients cost two collects.
   */
  snapshot(): Promise<TakenSnapshot> {
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

  private nextSnapshot(): Promise<TakenSnapshot> {
    this.queued = undefined;
    return this.snapshot();
  }

  async exposition(names?: readonly string[]): Promise<Exposition> {
    return this.render(await this.snapshot(), names);
  }

  private render(snapshot: Snapshot, names?: readonly string[]): Exposition {
    return { contentType: CONTENT_TYPE, body: this.renderer.render(snapshot, names) };
  }

  async metrics(): Promise<Metric[]> {
    return toMetrics(await this.snapshot());
  }

  async cardinality(): Promise<Cardinality> {
    return cardinalityOf(this.arena, this.drainer.used(), await this.snapshot(), this.settings);
  }

  async json(): Promise<Uint8Array<ArrayBuffer>> {
    return toJson(await this.metrics());
  }

  /** Hands a snapshot to every storage, and waits until each has stored it, or failed to at the first attempt. */
  async store(): Promise<StoreOutcome> {
    const snapshot = await this.snapshot();
    const failures = await this.storages.deliver(snapshot);
    return { series: countSeries(snapshot), failures };
  }

  /** Milliseconds after which `tick` should be called again. */
  get patience(): number {
    return Math.min(this.storages.patience, this.idleness || Number.POSITIVE_INFINITY);
  }

  /** Starts what is due: snapshots for the storages, deliveries, the last flush. Called at every turn of the loop. */
  tick(): void {
    const due = this.storages.claimDue();
    if (due.length > 0) void this.flush(due);
    this.storages.tick();
    this.expire();
    const asked = Atomics.load(this.arena.i32, int(HEADER.END)) !== 0;
    if (asked && this.ended === undefined) void this.end();
  }

  /** Milliseconds for which nobody has to collect, so that series end not much later than their ttl; 0 = for ever. */
  private get idleness(): number {
    return Math.min(Atomics.load(this.arena.i32, high(HEADER.LIVES)) * SHARE_OF_TTL, LONGEST_IDLENESS_MS);
  }

  /** Collects, if some metric has a ttl and nobody else has for a while: that is when series are seen to be idle. */
  private expire(): void {
    const { arena, idleness } = this;
    if (idleness === 0 || this.running !== undefined) return;
    if (arena.clock() - this.recycledAt >= idleness) {
      this.recycledAt = arena.clock();
      this.recycler.turn(this.families());
    }
    if (arena.clock() - arena.f64[HEADER.COLLECTED] >= idleness) this.snapshot().catch(() => {});
  }

  /** Not awaited by the loop: a storage that hangs must not delay a drain. */
  private async flush(storages: ReturnType<Storages['all']>): Promise<void> {
    try {
      await this.storages.offer(await this.snapshot(), storages);
    } catch (error) {
      warn('RINGMETER_STORAGE_FAILED', `no snapshot could be made: ${messageOf(error)}`);
    }
  }

  /** The last flush: hands a snapshot to every storage, delivers what waits, closes every backend. */
  async end(): Promise<void> {
    this.ended ??= this.flush(this.storages.all()).then(() => this.storages.close());
    await this.ended;
    const { i32 } = this.arena;
    Atomics.store(i32, high(HEADER.END), 1);
    Atomics.notify(i32, high(HEADER.END));
  }

  private families(): readonly Family[] {
    this.collect.catalog.refresh();
    return this.collect.catalog.families;
  }

  query(storage: number, query: ResolvedQuery): Promise<TimeSeries[]> {
    return this.storages.query(storage, query);
  }

  /** Opens the scrape endpoint on this thread. It is closed when `control` says so. */
  async listen(address: ListenAddress, control: MessagePort): Promise<ListenAddress> {
    const { connections, bound } = await openEndpoint(address, this.page);
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
}
