import { messageOf } from '../common/errors';
import { finiteOrNull } from '../common/format-float';
import { VERSION } from '../common/version';
import type { RulesView } from '../endpoint/api/rules-view';
import { isCumulative } from '../kinds/kinds';
import { createQueryEngine } from '../query/engine';
import type { QueryEngine, QueryResult, SampleSource } from '../query/types';
import type { Family } from '../registry/family';
import { type Births, BornSource } from './born-source';
import { type Health, healthOf, largestMetrics, shownAlerts } from './conditions';
import type { ApplicationFigures, DashboardDocument, FigureValue, LastStall } from './document';
import { answered, linesOf } from './lines';
import { LIVE_WINDOW_MS, LiveHistory } from './live-history';
import { numberOf } from './number-of';
import type { Dashboard, Figure } from './options';
import { withWindow } from './options';
import { BY_BOUND, bucketsOf } from './panels';
import { quantilesOf } from './quantiles';
import { findSignals, type Signals } from './signals';
import { SplicedSource } from './spliced-source';
import { Stalls } from './stalls';
import { SystemReader } from './system';
import { expandToday, mentionsToday, midnight } from './today';

/** The flushing side as the source of a dashboard. */
export interface ReporterHost {
  options: Dashboard;
  /** Milliseconds between the snapshots of the history; 0 = none. */
  flushInterval: number;
  cardinalityLimit: number;
  families(): readonly Family[];
  snapshot: ConstructorParameters<typeof LiveHistory>[0];
  /** The stored history; undefined without a MemoryStorage. */
  history: SampleSource | undefined;
  /** The times of its snapshots, in wall-clock milliseconds, ascending. */
  historyTimes(from: number, to: number): Float64Array;
  rules: RulesView;
  storages(): Health[];
  lastStall(): LastStall | undefined;
  drainer: ConstructorParameters<typeof Stalls>[0];
}

/** Range of rates without live snapshots: in flush intervals, and its minimum in milliseconds. */
const FLUSHES = 2.5;
const LEAST_WINDOW_MS = 5_000;
/** The same if flushes happen only on request. */
const UNKNOWN_WINDOW_MS = 60_000;

/** Milliseconds that one evaluation may take. */
const LIMITS = { timeout: 10_000 };

/** A number, or why there is none. */
type Outcome = Pick<FigureValue, 'value' | 'error'>;
const UNKNOWN: Outcome = { value: null, error: null };

/** Makes dashboard documents. One per thread of the flushing side, made at the first request. */
export class Reporter {
  readonly live: LiveHistory;
  readonly engine: QueryEngine;
  readonly stalls: Stalls;
  private readonly today: QueryEngine;
  private readonly system = new SystemReader();
  private readonly timeZone: string;
  private midnight = 0;
  private results = { time: 0, known: new Map<string, Promise<QueryResult>>() };

  constructor(readonly host: ReporterHost) {
    this.timeZone = host.options.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
    this.live = new LiveHistory(host.snapshot, host.families);
    this.stalls = new Stalls(host.drainer);
    const source = new SplicedSource(host.history, this.live);
    this.engine = createQueryEngine(new BornSource(source, this.births(this.historyWindow)), LIMITS);
    this.today = createQueryEngine(new BornSource(source, this.births(Number.POSITIVE_INFINITY)), LIMITS);
  }

  get signals(): Signals {
    return findSignals(this.host.families(), this.host.options);
  }

  /** Makes a snapshot, and the document for it. */
  async document(): Promise<DashboardDocument> {
    const snapshot = await this.live.take();
    const { timestamp: time } = snapshot;
    const { options, rules, storages, cardinalityLimit, lastStall } = this.host;
    return {
      time,
      title: options.title,
      version: VERSION,
      timeZone: this.timeZone,
      system: { ...this.system.read(), threads: this.stalls.threads(), lastStall: lastStall() ?? null },
      application: await this.application(time),
      business: await this.business(time),
      alerts: shownAlerts(rules),
      storages: storages().map(healthOf),
      cardinality: largestMetrics(snapshot, cardinalityLimit),
    };
  }

  /** The range of rates that end at a time, in milliseconds. */
  window(time: number): number {
    return this.live.coversWindow(time) ? LIVE_WINDOW_MS : this.historyWindow;
  }

  get historyWindow(): number {
    const { flushInterval } = this.host;
    return flushInterval === 0 ? UNKNOWN_WINDOW_MS : Math.max(flushInterval * FLUSHES, LEAST_WINDOW_MS);
  }

  private async application(time: number): Promise<ApplicationFigures> {
    const { requests, errors, latency } = this.signals;
    const window = this.window(time);
    const rate = async (expression: string | undefined): Promise<Outcome> =>
      expression === undefined ? UNKNOWN : this.outcome(this.instant(withWindow(expression, window), time));
    const total = await rate(requests);
    const failed = await rate(errors);
    const buckets = latency && (await answered(this.instant(withWindow(bucketsOf(latency), window), time)));
    return {
      requestsPerSecond: total.value,
      errorsPerSecond: failed.value,
      errorRate: total.value && failed.value !== null ? failed.value / total.value : null,
      latency: quantilesOf(linesOf(BY_BOUND, buckets || undefined)),
      windowSeconds: window / 1000,
      sources: { requests: requests ?? null, errors: errors ?? null, latency: latency ?? null },
      error: total.error ?? failed.error,
    };
  }

  /** The result of an expression, cached for one time. */
  instant(expression: string, time: number): Promise<QueryResult> {
    if (time !== this.results.time) this.results = { time, known: new Map() };
    const { known } = this.results;
    let result = known.get(expression);
    if (result === undefined) {
      result = this.engine.instant(expression, time);
      known.set(expression, result);
    }
    return result;
  }

  private async business(time: number): Promise<DashboardDocument['business']> {
    const { figures } = this.host.options;
    const names = Object.keys(figures);
    if (names.length > 0) this.midnight = midnight(this.timeZone, time);
    const values = await Promise.all(names.map((name) => this.figure(figures[name], time)));
    return Object.fromEntries(names.map((name, index) => [name, values[index]]));
  }

  private async figure({ expression, unit, description }: Required<Figure>, time: number): Promise<FigureValue> {
    const isToday = mentionsToday(expression);
    const text = withWindow(expandToday(expression, time - this.midnight), this.window(time));
    const outcome = await this.outcome(isToday ? this.today.instant(text, time) : this.instant(text, time));
    return { ...outcome, unit, description, since: isToday ? this.since() : null };
  }

  private async outcome(evaluation: Promise<QueryResult>): Promise<Outcome> {
    try {
      return { value: finiteOrNull(numberOf(await evaluation)), error: null };
    } catch (error) {
      return { value: null, error: messageOf(error) };
    }
  }

  /** The start of today's known data: when the collector was made, if today; else midnight or the oldest snapshot. */
  private since(): number {
    const { madeAt } = this.host.options;
    if (madeAt >= this.midnight) return madeAt;
    return Math.max(this.midnight, this.times(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)[0] ?? this.midnight);
  }

  private births(reach: number): Births {
    const { madeAt } = this.host.options;
    return {
      madeAt,
      reach,
      isCounted: (name) => this.isCounted(name),
      times: (from, to) => this.times(from, to),
    };
  }

  /** The times of all snapshots, live and stored. */
  private times(from: number, to: number): Float64Array {
    const live = this.live.times(from, to);
    const history = this.host.historyTimes(from, to);
    if (live.length === 0) return history;
    const all = new Float64Array(live.length + history.length);
    all.set(history);
    all.set(live, history.length);
    return all.sort();
  }

  private isCounted(name: string): boolean {
    return this.host.families().some(({ definition }) => isCumulative(definition, name));
  }
}
