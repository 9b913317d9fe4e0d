import type { MessagePort } from 'node:worker_threads';
import { threadId } from 'node:worker_threads';
import { type Cardinality, cardinalityOf } from '../aggregate/cardinality';
import type { Reading } from '../aggregate/collect';
import { Drainer } from '../aggregate/drain';
import { countSeries, type TakenSnapshot } from '../aggregate/snapshot';
import type { RulePort } from '../alerts/port';
import type { RuleService } from '../alerts/service';
import type { Arena } from '../arena/arena';
import { HEADER, high, int } from '../arena/layout';
import { threadMark } from '../arena/shard';
import { DashboardService } from '../dashboard/service';
import { apiRoutes } from '../endpoint/api/routes';
import { NO_RULES } from '../endpoint/api/rules-view';
import { basicRoutes } from '../endpoint/basic-routes';
import { InFlight } from '../endpoint/in-flight';
import { MetricsPage, type Source } from '../endpoint/metrics-page';
import type { ListenAddress, ServerSettings } from '../endpoint/server';
import { messageOf } from '../errors';
import { toJson } from '../exposition/json';
import { type Metric, toMetrics } from '../exposition/metrics';
import { CONTENT_TYPE, type Exposition, PrometheusRenderer } from '../exposition/prometheus';
import type { Finding } from '../lint/rules';
import { lintSnapshot } from '../lint/snapshot';
import type { Stall } from '../process/board';
import { mainThreadStack } from '../process/main-stack';
import { Resources } from '../process/resources';
import { createQueryEngine } from '../query/engine';
import { ENGINE_LIMITS } from '../query/query-limits';
import type { SampleSource } from '../query/types';
import type { Settings } from '../settings';
import type { StoragePort } from '../storage/port';
import type { ResolvedQuery, TimeSeries } from '../storage/types';
import { warn } from '../warning';
import { Endpoints } from './endpoints';
import type { FlushWorkerData, StoreOutcome } from './messages';
import { Queries, type QueryTools } from './queries';
import { Snapshots } from './snapshots';
import { registerStorageMetrics } from './storage-metrics';
import { Storages } from './storages';

/**
 * Everything that can be asked of the flushing side. A flush worker has one; without flush workers, so has the thread of
 * the collector. Several on one arena do not disturb each other.
 */
export class FlushService {
  readonly settings: Settings;
  readonly drainer: Drainer;
  private readonly mark = threadMark(threadId);
  private readonly snapshots: Snapshots;
  private readonly renderer: PrometheusRenderer;
  private readonly storages: Storages;
  private readonly rules: RuleService | undefined;
  private readonly ownMetrics: readonly Reading[];
  private readonly resources: Resources;
  readonly queries: Queries;
  readonly dashboard: DashboardService;
  private readonly endpoints: Endpoints;
  private ended: Promise<void> | undefined;

  constructor(
    readonly arena: Arena,
    ports: readonly StoragePort[],
    { rules, board }: Pick<FlushWorkerData, 'rules' | 'board'> = {},
  ) {
    this.settings = arena.settings as Settings;
    this.drainer = new Drainer(arena, this.mark);
    this.snapshots = new Snapshots(this.drainer, this.settings, () => [...this.ownMetrics, ...this.resources.read()]);
    this.renderer = new PrometheusRenderer(this.settings.defaultLabels);
    const inFlight = new InFlight();
    const source: Source = {
      asked: () => Atomics.add(arena.i32, high(HEADER.COLLECTS), 1),
      snapshot: () => this.snapshot(),
      render: (snapshot, names) => ({ contentType: CONTENT_TYPE, body: this.renderer.lend(snapshot, names) }),
    };
    this.storages = new Storages(arena, ports, this.mark, () => this.snapshots.families());
    this.rules = openRules(arena, rules, this.mark, this.storages.source());
    this.ownMetrics = [...registerStorageMetrics(arena, this.storages.delivered()), ...(this.rules?.readings ?? [])];
    this.resources = new Resources(this.drainer, this.snapshots.catalog, board);
    this.queries = new Queries(() => this.openQueries());
    this.dashboard = new DashboardService(
      {
        settings: this.settings,
        families: () => this.snapshots.families(),
        snapshot: () => this.snapshot(),
        history: this.rules?.source ?? this.storages.source(),
        historyTimes: (from, to) => this.storages.source()?.times(from, to) ?? new Float64Array(),
        rules: this.rules?.view ?? NO_RULES,
        storages: () => this.storages.health(),
        lastStall: () => this.lastStall,
        drainer: this.drainer,
      },
      inFlight,
    );
    const routes = {
      ...this.dashboard.routes,
      ...basicRoutes(new MetricsPage(source, inFlight)),
      ...apiRoutes(
        {
          evaluator: this.queries,
          reading: (read, wish) => this.queries.use(({ source }, signal) => read(source, signal), wish),
          families: () => this.snapshots.families(),
          rules: this.rules?.view ?? NO_RULES,
        },
        inFlight,
      ),
    };
    this.endpoints = new Endpoints(routes, () => this.dashboard.hangUp());
  }

  snapshot(): Promise<TakenSnapshot> {
    return this.snapshots.take();
  }

  async exposition(names?: readonly string[]): Promise<Exposition> {
    return { contentType: CONTENT_TYPE, body: this.renderer.render(await this.snapshot(), names) };
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

  /** What there is to say about the metrics as a scrape shows them. */
  async lint(): Promise<Finding[]> {
    return lintSnapshot(await this.snapshot(), this.settings.defaultLabels);
  }

  /** Hands a snapshot to every storage, and waits until each has stored it, or failed to at the first attempt. */
  async store(): Promise<StoreOutcome> {
    const snapshot = await this.snapshot();
    const failures = await this.storages.deliver(snapshot);
    return { series: countSeries(snapshot), failures };
  }

  /** Milliseconds after which `tick` should be called again. */
  get patience(): number {
    return Math.min(
      this.storages.patience,
      this.resources.patience,
      this.rules?.patience ?? Number.POSITIVE_INFINITY,
      this.snapshots.patience,
    );
  }

  /** Starts what is due: snapshots for the storages, deliveries, the last flush. Called at every turn of the loop. */
  tick(): void {
    const due = this.storages.claimDue();
    if (due.length > 0) void this.flush(due);
    this.storages.tick();
    this.resources.tick();
    this.rules?.tick();
    this.snapshots.tick();
    const asked = Atomics.load(this.arena.i32, int(HEADER.END)) !== 0;
    if (asked && this.ended === undefined) void this.end();
  }

  /** Not awaited by the loop: a storage that hangs must not delay a drain. */
  private async flush(storages: ReturnType<Storages['all']>): Promise<void> {
    try {
      await this.storages.offer(await this.snapshot(), storages);
    } catch (error) {
      warn('RINGMETER_STORAGE_FAILED', `no snapshot could be made: ${messageOf(error)}`);
    }
  }

  /**
   * Gives up queries. The last flush: hands a snapshot to every storage, delivers what waits, closes every backend; so do
   * the notifiers.
   */
  async end(): Promise<void> {
    this.queries.close();
    const flushed = () => this.flush(this.storages.all()).then(() => this.storages.close());
    this.ended ??= Promise.all([flushed(), this.rules?.close()]).then(() => {});
    await this.ended;
    const { i32 } = this.arena;
    Atomics.store(i32, high(HEADER.END), 1);
    Atomics.notify(i32, high(HEADER.END));
  }

  /** The last stall of an event loop that was longer than `stallThreshold`; undefined if there was none. */
  get lastStall(): Stall | undefined {
    return this.resources.lastStall;
  }

  /**
   * The JavaScript stack that the main thread is in now.
   *
   * @throws RingmeterError RINGMETER_STACK_UNAVAILABLE
   */
  mainThreadStack(timeout: number): Promise<string> {
    return mainThreadStack(timeout);
  }

  private openQueries(): QueryTools | undefined {
    const source = this.rules?.source ?? this.storages.source();
    return source && { engine: createQueryEngine(source, ENGINE_LIMITS), source };
  }

  query(storage: number, query: ResolvedQuery): Promise<TimeSeries[]> {
    return this.storages.query(storage, query);
  }

  /** Opens an endpoint on this thread. It is closed when `control` says so. */
  listen(settings: ServerSettings, control: MessagePort): Promise<ListenAddress> {
    return this.endpoints.listen(settings, control);
  }

  async close(): Promise<void> {
    this.queries.close();
    this.dashboard.close();
    await this.endpoints.close();
    this.resources.close();
  }
}

/** Loaded only here: most collectors have no rules, and need no engine for them. */
function openRules(
  arena: Arena,
  port: RulePort | undefined,
  mark: number,
  history: SampleSource | undefined,
): RuleService | undefined {
  if (port === undefined || history === undefined) return undefined;
  const { RuleService } = require('../alerts/service') as typeof import('../alerts/service');
  return new RuleService(arena, port, mark, history);
}
