import type { MessagePort } from 'node:worker_threads';
import { threadId } from 'node:worker_threads';
import type { RulePort } from '../alerts/port';
import type { RuleHistory, RuleService } from '../alerts/service';
import type { Arena } from '../arena/arena';
import { HEADER, high, int } from '../arena/layout';
import { threadMark } from '../arena/shard';
import { messageOf } from '../common/errors';
import { warn } from '../common/warning';
import type { DashboardSettings } from '../dashboard/options';
import { DashboardService } from '../dashboard/service';
import { registerStorageMetrics } from '../delivery/metrics';
import type { StoragePort } from '../delivery/port';
import type { ResolvedQuery, TimeSeries } from '../delivery/types';
import { Drainer } from '../drain/drain';
import { NO_RULES } from '../endpoint/api/rules-view';
import type { ListenAddress, ServerSettings } from '../endpoint/server';
import type { Metric } from '../exposition/metrics';
import { PROMETHEUS_TEXT } from '../exposition/prometheus';
import { type Exposition, TextRenderer } from '../exposition/renderer';
import type { Finding } from '../lint/rules';
import type { StallStack } from '../process/board';
import { Resources } from '../process/resources';
import { ENGINE_LIMITS } from '../query/query-limits';
import type { Cardinality } from '../snapshot/cardinality';
import type { CallbackValue } from '../snapshot/collect';
import { countSeries, type TakenSnapshot } from '../snapshot/snapshot';
import type { Endpoints } from './endpoints';
import type { FlushWorkerData, StoreOutcome } from './messages';
import { Queries, type QueryTools } from './queries';
import { Snapshots } from './snapshots';
import { Storages } from './storages';

/**
 * All tasks of the flushing side. Each flush worker has one; without flush workers, the collector's thread has one.
 * Several on one arena do not disturb each other. Only the code for drains, snapshots and scrapes is loaded at the
 * start; all other code is loaded at its first use.
 */
export class FlushService {
  readonly settings: DashboardSettings;
  readonly drainer: Drainer;
  private readonly mark = threadMark(threadId);
  private readonly snapshots: Snapshots;
  private readonly renderer: TextRenderer;
  private readonly storages: Storages;
  private readonly rules: RuleService | undefined;
  private readonly ownMetrics: readonly CallbackValue[];
  private readonly resources: Resources;
  readonly queries: Queries;
  readonly dashboard: DashboardService;
  private endpoints: Endpoints | undefined;
  private ended: Promise<void> | undefined;

  constructor(
    readonly arena: Arena,
    ports: readonly StoragePort[],
    { rules, board }: Pick<FlushWorkerData, 'rules' | 'board'> = {},
  ) {
    this.settings = arena.settings as DashboardSettings;
    this.drainer = new Drainer(arena, this.mark);
    this.snapshots = new Snapshots(this.drainer, this.settings, () => [...this.ownMetrics, ...this.resources.read()]);
    this.renderer = new TextRenderer(PROMETHEUS_TEXT, this.settings.defaultLabels);
    this.storages = new Storages(arena, ports, this.mark, () => this.snapshots.families());
    this.rules = openRules(arena, rules, this.mark, this.storages.memory()?.source);
    this.ownMetrics = [...registerStorageMetrics(arena, this.storages.delivered()), ...(this.rules?.readings ?? [])];
    this.resources = new Resources(this.drainer, this.snapshots.catalog, board);
    this.queries = new Queries(() => this.openQueries());
    this.dashboard = new DashboardService({
      settings: this.settings,
      families: () => this.snapshots.families(),
      snapshot: () => this.snapshot(),
      history: this.rules?.source ?? this.storages.memory()?.wallSource,
      historyTimes: (from, to) => this.storages.memory()?.times(from, to) ?? new Float64Array(),
      rules: this.rules?.view ?? NO_RULES,
      storages: () => this.storages.health(),
      lastStall: () => this.lastStall,
      drainer: this.drainer,
    });
  }

  snapshot(): Promise<TakenSnapshot> {
    return this.snapshots.take();
  }

  async exposition(names?: readonly string[]): Promise<Exposition> {
    return { contentType: this.renderer.format.contentType, body: this.renderer.render(await this.snapshot(), names) };
  }

  async metrics(): Promise<Metric[]> {
    const { toMetrics } = require('../exposition/metrics') as typeof import('../exposition/metrics');
    return toMetrics(await this.snapshot());
  }

  async cardinality(): Promise<Cardinality> {
    const { cardinalityOf } = require('../snapshot/cardinality') as typeof import('../snapshot/cardinality');
    return cardinalityOf(this.arena, this.drainer.used(), await this.snapshot(), this.settings);
  }

  async json(): Promise<Uint8Array<ArrayBuffer>> {
    const { toJson } = require('../exposition/json') as typeof import('../exposition/json');
    return toJson(await this.metrics());
  }

  /** Checks the metrics, as a scrape shows them, against naming and design rules. */
  async lint(): Promise<Finding[]> {
    const { lintSnapshot } = require('../lint/snapshot') as typeof import('../lint/snapshot');
    return lintSnapshot(await this.snapshot(), this.settings.defaultLabels);
  }

  /** Passes a snapshot to every storage, and waits until each has stored it or its first attempt has failed. */
  async store(): Promise<StoreOutcome> {
    const snapshot = await this.snapshot();
    const failures = await this.storages.deliver(snapshot);
    return { series: countSeries(snapshot), failures };
  }

  /** Milliseconds after which `tick` should be called again. */
  get dueIn(): number {
    return Math.min(
      this.storages.dueIn,
      this.resources.dueIn,
      this.rules?.dueIn ?? Number.POSITIVE_INFINITY,
      this.snapshots.dueIn,
    );
  }

  /** Starts all due work: snapshots for the storages, deliveries, the last flush. Called at every turn of the loop. */
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

  /** Makes a snapshot for storages. The loop does not await it: a storage that hangs must not delay a drain. */
  private async flush(storages: ReturnType<Storages['all']>): Promise<void> {
    try {
      await this.storages.offer(await this.snapshot(), storages);
    } catch (error) {
      warn('RINGMETER_STORAGE_FAILED', `no snapshot could be made: ${messageOf(error)}`);
    }
  }

  /**
   * Aborts queries and makes the last flush: passes a snapshot to every storage, delivers all queued snapshots, and
   * closes every backend. The notifiers do the same with their alerts.
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

  /** The last stall of an event loop for longer than `stallThreshold`; undefined if there was none. */
  get lastStall(): StallStack | undefined {
    return this.resources.lastStall;
  }

  /**
   * The JavaScript stack that the main thread is in now.
   *
   * @throws RingmeterError RINGMETER_STACK_UNAVAILABLE
   */
  async mainThreadStack(timeout: number): Promise<string> {
    const { mainThreadStack } = require('../process/main-stack') as typeof import('../process/main-stack');
    return mainThreadStack(timeout);
  }

  private openQueries(): QueryTools | undefined {
    const source = this.rules?.source ?? this.storages.memory()?.wallSource;
    if (source === undefined) return undefined;
    const { createQueryEngine } = require('../query/engine') as typeof import('../query/engine');
    return { engine: createQueryEngine(source, ENGINE_LIMITS), source };
  }

  private openEndpoints(): Endpoints {
    const { Endpoints } = require('./endpoints') as typeof import('./endpoints');
    return new Endpoints({
      metrics: {
        asked: () => this.arena.count(HEADER.SCRAPES),
        snapshot: () => this.snapshot(),
        render: (snapshot, names) => ({
          contentType: this.renderer.format.contentType,
          body: this.renderer.lend(snapshot, names),
        }),
      },
      dashboard: this.dashboard,
      api: {
        evaluator: this.queries,
        reading: (read, options) => this.queries.use(({ source }, signal) => read(source, signal), options),
        families: () => this.snapshots.families(),
        rules: this.rules?.view ?? NO_RULES,
      },
    });
  }

  query(storage: number, query: ResolvedQuery): Promise<TimeSeries[]> {
    return this.storages.query(storage, query);
  }

  /** Opens an endpoint on this thread, and closes it when a message arrives on `control`. */
  async listen(settings: ServerSettings, control: MessagePort): Promise<ListenAddress> {
    this.endpoints ??= this.openEndpoints();
    return this.endpoints.listen(settings, control);
  }

  /** Ends the connections of the endpoints at once, before the thread parks. */
  drop(): void {
    this.endpoints?.drop();
  }

  async close(): Promise<void> {
    this.queries.close();
    this.dashboard.close();
    await this.endpoints?.close();
    this.resources.close();
  }
}

/** Loads the engine for rules lazily: most collectors have no rules. */
function openRules(
  arena: Arena,
  port: RulePort | undefined,
  mark: number,
  history: RuleHistory | undefined,
): RuleService | undefined {
  if (port === undefined || history === undefined) return undefined;
  const { RuleService } = require('../alerts/service') as typeof import('../alerts/service');
  return new RuleService(arena, port, mark, history);
}
