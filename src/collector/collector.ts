import { MessageChannel, threadId } from 'node:worker_threads';
import type { Result } from 'ts-results-es';
import type { AlertInfo } from '../alerts/alert-info';
import type { Alerting } from '../alerts/alerting';
import type { AlertCallback } from '../alerts/change-listener';
import type { RulePort } from '../alerts/port';
import type { SilenceOptions } from '../alerts/silences';
import { Arena } from '../arena/arena';
import { HEADER } from '../arena/layout';
import { threadMark, threadOf } from '../arena/shard';
import { PARK_MS } from '../atomics/parking';
import { messageOf, RingmeterError, StorageError, type StorageRefusal, shown, toPlainError } from '../common/errors';
import { showsOnly } from '../common/inspection';
import { checkNumber, checkOneOf, checkOptions } from '../common/options-check';
import { onRealmEnd } from '../common/realm';
import { inRootContext } from '../common/root-context';
import type { Settings } from '../common/settings';
import { hearWarnings, warn, warnThrough } from '../common/warning';
import type { DashboardDocument } from '../dashboard/document';
import type { Storage } from '../delivery/types';
import { Drainer } from '../drain/drain';
import type { MetricsHandler } from '../endpoint/handler/handler';
import type { Metric } from '../exposition/metrics';
import type { Exposition } from '../exposition/renderer';
import { sendable } from '../exposition/sendable';
import { CallbackMetrics } from '../instruments/callback-metrics';
import { CollectTimeValues } from '../instruments/collect-time';
import type { BoundCounter, Counter } from '../instruments/counter';
import type { HistogramOptions, MetricOptions, SummaryOptions } from '../instruments/definitions';
import type { BoundGauge, Gauge } from '../instruments/gauge';
import type { BoundHistogram, Histogram } from '../instruments/histogram';
import { Instruments } from '../instruments/instruments';
import { LabelTree } from '../instruments/label-tree';
import type { Labels } from '../instruments/labels';
import { NamedRecords, type RecordOptions } from '../instruments/named';
import { SeriesReading } from '../instruments/reading';
import { Recorder } from '../instruments/recorder';
import { Removal } from '../instruments/removal';
import { SeriesSet } from '../instruments/series-set';
import type { BoundSummary, Summary } from '../instruments/summary';
import type { Finding } from '../lint/rules';
import type { Endpoint, ListenOptions, OpenServer } from '../pool/endpoint';
import { Flushing } from '../pool/flushing';
import type { InstantQueryOptions, RangeQueryOptions } from '../pool/promql';
import { announceTo } from '../pool/thread-ends';
import { checkWorkerFile } from '../pool/worker-file';
import type { DefaultMetricsOptions } from '../process/options';
import { type CollectorStats, readStats } from '../process/stats';
import { ThreadMetrics } from '../process/thread-metrics';
import type { QueryResult, RangeResult } from '../query/types';
import type { Cardinality } from '../snapshot/cardinality';
import { type CollectorOptions, type ResolvedOptions, resolveOptions } from './options';
import { claimDefault, releaseDefault, remember } from './process-default';
import { type EndStep, Shutdown } from './shutdown';

/** What another thread needs to join a collector: send it as `workerData` or in a message, and `attachCollector` it. */
export interface CollectorHandle {
  readonly arena: SharedArrayBuffer;
}

/** Passed to the constructor to join an existing arena. */
export class AttachedTo {
  constructor(readonly handle: CollectorHandle) {}
}

/** Milliseconds that `stats()` waits for a worker that is folding. */
const STATS_MAX_WAIT_MS = 500;

/** With `labels`, the bound series of those labels instead of the metric. */
type WithLabels<O, Name extends string> = O & { labels: Labels<Name> };
type WithoutLabels<O> = O & { labels?: undefined };

/**
 * Owns an arena, this thread's instruments and the flush workers. Make one per process; other threads find it with
 * `getMetricsCollector()`.
 */
export class MetricsCollector {
  /** Send this to other threads, so that they can record into this collector. */
  readonly handle: CollectorHandle;
  /** The storages of this collector; empty on threads that joined it. */
  readonly storages: readonly Storage[];
  private readonly arena: Arena;
  private readonly recorder: Recorder;
  private readonly drainer: Drainer;
  private readonly removal: Removal;
  private readonly instruments: Instruments;
  private readonly named: NamedRecords;
  private readonly collectTime: CollectTimeValues;
  private readonly flushSide: Flushing;
  private readonly rules: Alerting | undefined;
  private readonly shutdown: Shutdown;
  private readonly defaultMetrics: ThreadMetrics;
  private readonly endpoints = new Set<Endpoint>();
  private readonly stopWatching: () => void;
  private metricsHandler: MetricsHandler | undefined;
  private closing: Promise<void> | undefined;

  /** @throws RingmeterError RINGMETER_INVALID_OPTION; RINGMETER_INVALID_HANDLE; RINGMETER_WORKER_FAILED if a file to start threads with is missing */
  constructor(options?: CollectorOptions | AttachedTo) {
    const attached = options instanceof AttachedTo;
    const resolved = attached ? undefined : resolveOptions(options);
    checkFiles(resolved);
    this.arena = attached ? Arena.attach(options.handle?.arena) : createArena(resolved!);
    this.handle = { arena: this.arena.buffer };
    this.storages = resolved?.storages ?? [];
    const settings = this.arena.settings as Settings;
    this.recorder = new Recorder(this.arena, settings.onFull);
    this.drainer = new Drainer(this.arena, threadMark(threadId));
    const reading = new SeriesReading(this.recorder, this.drainer);
    this.removal = new Removal(this.recorder, this.drainer);
    const callbacks = new CallbackMetrics(() => this.instruments);
    this.collectTime = new CollectTimeValues(this.recorder, settings.collectTimeout, callbacks);
    this.instruments = new Instruments({
      recorder: this.recorder,
      reading,
      collectTime: this.collectTime,
      removal: this.removal,
      cardinalityLimit: settings.cardinalityLimit,
      seriesLimit: settings.seriesLimit,
      defaultLabels: Object.entries(settings.defaultLabels),
      labelTree: new LabelTree(),
      resolved: new SeriesSet(),
    });
    this.named = new NamedRecords(this.instruments, this.recorder);
    // steps that can throw come first, so that no started resource has to be stopped again
    this.storages.forEach((storage, index) => {
      storage.bind(async (query) => this.flushing().query(index, query));
    });
    this.defaultMetrics = new ThreadMetrics(this.instruments, this.recorder);
    this.flushSide = new Flushing(this.arena, this.drainer.shards, resolved);
    this.rules = resolved?.rules && openAlerting(resolved.rules);
    this.shutdown = new Shutdown(this.endSteps(resolved?.shutdown.timeout ?? 0), resolved?.shutdown.signals ?? [], () =>
      this.close({ timeout: resolved?.shutdown.timeout }),
    );
    this.stopWatching = onRealmEnd(() => this.abandon());
    if (attached) joinThread(threadOf(this.arena.maker));
    else hearWarnings();
    this.defaultMetrics.join(resolved?.defaultMetrics ?? false);
    remember(this);
    if (!attached) claimDefault(this);
  }

  /** Whether `close()` has been called. */
  get closed(): boolean {
    return this.closing !== undefined;
  }

  /** The first storage, to read it back: `collector.storage.query({ name, from, to })`. */
  get storage(): Storage {
    const [first] = this.storages;
    if (first === undefined)
      throw new RingmeterError(
        'RINGMETER_NO_STORAGE',
        'this collector has no storage on this thread: storages belong to the thread that made the collector',
      );
    return first;
  }

  /**
   * Get-or-create of a counter. With `labels` among the options, the bound series of those labels.
   *
   * @throws RingmeterError RINGMETER_METRIC_CONFLICT if the name is taken by another definition, and the codes of bad names
   */
  counter<const Name extends string = string>(
    name: string,
    options: WithLabels<MetricOptions<Name>, Name>,
  ): BoundCounter;
  counter<const Name extends string = string>(
    name: string,
    options?: WithoutLabels<MetricOptions<Name>>,
  ): Counter<Name>;
  counter(name: string, options?: MetricOptions): unknown {
    return this.instruments.get('counter', name, options);
  }

  /** Get-or-create of a gauge; like `counter`. */
  gauge<const Name extends string = string>(name: string, options: WithLabels<MetricOptions<Name>, Name>): BoundGauge;
  gauge<const Name extends string = string>(name: string, options?: WithoutLabels<MetricOptions<Name>>): Gauge<Name>;
  gauge(name: string, options?: MetricOptions): unknown {
    return this.instruments.get('gauge', name, options);
  }

  /** Get-or-create of a histogram; like `counter`. Asking for other buckets than it has throws. */
  histogram<const Name extends string = string>(
    name: string,
    options: WithLabels<HistogramOptions<Name>, Name>,
  ): BoundHistogram;
  histogram<const Name extends string = string>(
    name: string,
    options?: WithoutLabels<HistogramOptions<Name>>,
  ): Histogram<Name>;
  histogram(name: string, options?: HistogramOptions): unknown {
    return this.instruments.get('histogram', name, options);
  }

  /** Get-or-create of a summary; like `counter`. */
  summary<const Name extends string = string>(
    name: string,
    options: WithLabels<SummaryOptions<Name>, Name>,
  ): BoundSummary;
  summary<const Name extends string = string>(
    name: string,
    options?: WithoutLabels<SummaryOptions<Name>>,
  ): Summary<Name>;
  summary(name: string, options?: SummaryOptions): unknown {
    return this.instruments.get('summary', name, options);
  }

  /**
   * Adds `value` (1 if left out) to the counter of that name, which is made if there is none yet. Looked up by name at
   * every call; never throws: an invalid record is counted.
   */
  recordCounter(name: string, options?: RecordOptions & { value?: number }): void {
    this.named.counter(name, options);
  }

  /** Sets the gauge of that name; like `recordCounter`. */
  recordGauge(name: string, value: number, options?: RecordOptions): void {
    this.named.gauge(name, value, options);
  }

  /** Observes a value in the histogram of that name; like `recordCounter`. */
  recordHistogram(name: string, value: number, options?: RecordOptions): void {
    this.named.histogram(name, value, options);
  }

  /** Observes a value in the summary of that name; like `recordCounter`. */
  recordSummary(name: string, value: number, options?: RecordOptions): void {
    this.named.summary(name, value, options);
  }

  /**
   * Removes every series of every metric; the metrics stay. Later records start again from zero.
   *
   * @returns the number of removed series
   * @throws RingmeterError RINGMETER_BUSY, RINGMETER_OUT_OF_MEMORY
   */
  clear(): number {
    const count = this.removal.endAll('remove');
    this.instruments.forget();
    return count;
  }

  /** Resets every series of every metric to zero. Throws as `clear` does. */
  reset(): void {
    this.removal.endAll('reset');
  }

  /** Every series with its present value, collected in a flush worker. */
  async getAllMetrics(): Promise<Metric[]> {
    return this.flushing().run('metrics', {});
  }

  /** Which metrics have the most series, and which labels the most values; counted in a flush worker. */
  async cardinality(): Promise<Cardinality> {
    return this.flushing().run('cardinality', {});
  }

  /** What `getAllMetrics` gives, as a JSON array, collected and rendered in a flush worker. */
  async exportJson(): Promise<string> {
    return Buffer.from((await this.flushing().run('json', {})).buffer).toString('utf8');
  }

  /**
   * Checks names, units, labels and buckets against the field's conventions and the values seen so far, in a flush worker,
   * which goes on with its other work between two metrics. See `docs/lint.md` for the rules.
   */
  async lint(): Promise<Finding[]> {
    return this.flushing().run('lint', {});
  }

  /**
   * The present state as a scrape would see it, rendered in a flush worker.
   *
   * @throws RingmeterError RINGMETER_INVALID_OPTION
   */
  async exposition(options?: {
    format?: 'prometheus' /** Only these metrics. */;
    names?: readonly string[];
  }): Promise<Exposition> {
    const { format, names } = checkOptions('exposition options', options, ['format', 'names']);
    checkNames(names);
    checkOneOf('format', format, 'prometheus', ['prometheus']);
    return sendable(await this.flushing().run('exposition', { names }));
  }

  /**
   * Flushes to every storage now. Never rejects. Returns the number of stored series, or the error of each storage that
   * failed; a storage with a queue keeps the snapshot and retries.
   */
  async collectAndStore(): Promise<Result<number, StorageError>> {
    const { Err, Ok } = require('ts-results-es') as typeof import('ts-results-es');
    try {
      const { series, failures } = await this.flushing().run('store', {});
      return failures.length === 0 ? Ok(series) : Err(new StorageError(failures));
    } catch (error) {
      const { code, message } = toPlainError(error, 'RINGMETER_STORAGE_FAILED');
      return Err(new StorageError([{ storage: 'all', message }], { code, cause: error }));
    }
  }

  /** Flushes to every storage now. @throws StorageError if any storage failed; one with a queue retries */
  async flush(): Promise<void> {
    const { failures } = await this.flushing().run('store', {});
    if (failures.length > 0) throw new StorageError(failures);
  }

  /**
   * Evaluates PromQL over the history of the first MemoryStorage, in a flush worker.
   *
   * @throws RingmeterError RINGMETER_INVALID_QUERY, RINGMETER_QUERY_LIMIT, RINGMETER_NO_STORAGE; the signal's reason
   */
  async query(expression: string, options?: InstantQueryOptions): Promise<QueryResult> {
    const side = this.flushing();
    const { queryInstant } = require('../pool/promql') as typeof import('../pool/promql');
    return queryInstant((task, input) => side.evaluate(task, input), expression, options);
  }

  /** Evaluates PromQL at every `step` from `start` to `end`. Throws as `query` does. */
  async queryRange(expression: string, options: RangeQueryOptions): Promise<RangeResult> {
    const side = this.flushing();
    const { queryRange } = require('../pool/promql') as typeof import('../pool/promql');
    return queryRange((task, input) => side.evaluate(task, input), expression, options);
  }

  /**
   * The state of the system, the application and the business, computed in a flush worker: docs/dashboard.md. The
   * schema is schemas/dashboard.schema.json in the package.
   */
  async dashboard(): Promise<DashboardDocument> {
    return JSON.parse(Buffer.from((await this.flushing().run('dashboard', {})).buffer).toString('utf8'));
  }

  /**
   * Opens an endpoint in a flush worker: metrics to scrape, and Prometheus' HTTP API; docs/endpoint.md lists it all. If
   * that worker dies, another one opens the endpoint again at the same port.
   *
   * @throws RingmeterError RINGMETER_LISTEN_FAILED if the port is taken or not allowed, RINGMETER_INVALID_OPTION
   */
  async listen(options?: ListenOptions): Promise<Endpoint> {
    const side = this.flushing();
    const openServer: OpenServer = async (settings) => {
      const { port1, port2 } = new MessageChannel();
      return { control: port1, bound: await side.run('listen', { settings, control: port2 }) };
    };
    const { Endpoint } = require('../pool/endpoint') as typeof import('../pool/endpoint');
    return inRootContext(() => Endpoint.open(options, openServer, this.endpoints));
  }

  /**
   * Answers requests for metrics at a port of your own: `app.get('/metrics', collector.handler())`. The function takes node's
   * request and response; what it has for other frameworks is in docs/endpoint.md.
   */
  handler(): MetricsHandler {
    const { createHandler } = require('../endpoint/handler/handler') as typeof import('../endpoint/handler/handler');
    this.metricsHandler ??= createHandler({
      asked: () => this.arena.count(HEADER.SCRAPES),
      render: (names) => this.exposition({ names }),
    });
    return this.metricsHandler;
  }

  /**
   * Calls back on this thread, in one of its next turns, when an alert becomes pending, fires, is resolved, or ends
   * without firing. Changes during a blockage of the thread are reported afterwards. Returns an unsubscribe function.
   *
   * @throws RingmeterError RINGMETER_INVALID_OPTION if there are no rules
   */
  onAlert(callback: AlertCallback): () => void {
    return this.alerting().onAlert(callback);
  }

  /** The alerts that are pending or firing, as of the last evaluations. @throws as `onAlert` does */
  alerts(): AlertInfo[] {
    return this.alerting().alerts();
  }

  /** Suppresses notifications of matching alerts for a while. Returns the silence's id. @throws as `onAlert` does */
  silence(options: SilenceOptions): string {
    return this.alerting().silence(options);
  }

  /** Ends a silence before its time. Returns whether there was one of that id. @throws as `onAlert` does */
  unsilence(id: string): boolean {
    return this.alerting().unsilence(id);
  }

  /**
   * Measures the process, its threads and the machine from now on, as the option `defaultMetrics` does from the start.
   * Idempotent.
   *
   * @throws RingmeterError RINGMETER_INVALID_OPTION, RINGMETER_METRIC_CONFLICT if they are measured otherwise already,
   * RINGMETER_CLOSED
   */
  collectDefaultMetrics(options?: DefaultMetricsOptions): void {
    if (this.closing) throw new RingmeterError('RINGMETER_CLOSED', 'the collector has been closed');
    this.defaultMetrics.start(options);
  }

  /**
   * The present stack of the main thread, innermost call first; '' while it waits for events. A flush worker takes it;
   * if called on another thread that has joined, that thread does: it works while the main thread is blocked.
   *
   * @param options.timeout milliseconds to wait for an answer; default 2 000
   * @throws RingmeterError RINGMETER_STACK_UNAVAILABLE
   */
  async mainThreadStack(options?: { timeout?: number }): Promise<string> {
    const { timeout } = checkOptions('stack options', options, ['timeout']);
    return this.flushing().run('stack', { timeout: checkNumber('timeout', timeout, 2_000, 1, 2 ** 31 - 1) });
  }

  /** Counts of recorded, folded, dropped and refused events, and memory usage. First drains as much as possible. */
  stats(): CollectorStats {
    this.recorder.publish();
    this.drainer.withDrained(this.drainer.used(), STATS_MAX_WAIT_MS, () => {});
    return readStats(this.arena, this.drainer, this.flushSide.storages());
  }

  /**
   * Flushes a last time, closes the storages and the endpoints, ends the workers. Later records can still be read on
   * this thread, but are neither stored nor served. A second call waits for the first.
   *
   * @param options.timeout milliseconds that the storages may take for their waiting snapshots; default 10 000
   */
  close(options?: { timeout?: number }): Promise<void> {
    if (this.closing === undefined) {
      const milliseconds = checkCloseOptions(options);
      this.closing = inRootContext(() => this.end(milliseconds));
    }
    return this.closing;
  }

  private async end(milliseconds: number): Promise<void> {
    releaseDefault(this);
    this.recorder.publish();
    const refusals = await this.flushSide.end(milliseconds).catch(refusalOf);
    for (const { storage, message } of refusals) warn('RINGMETER_STORAGE_FAILED', `last flush, ${storage}: ${message}`);
    await this.stop();
  }

  /** Stops everything that this collector has started, without a last flush. */
  private async stop(): Promise<void> {
    await Promise.all([...this.endpoints].map((endpoint) => endpoint.close()));
    await this.flushSide.close();
    await this.rules?.stop();
    this.shutdown.stop();
    this.stopWatching();
    this.collectTime.close();
    this.defaultMetrics.stop();
    this.recorder.close();
  }

  /** The steps when the process or this thread ends before `close()` has completed. */
  private endSteps(milliseconds: number): EndStep[] {
    return [
      () => this.collectTime.lastCall(),
      () => {
        this.defaultMetrics.stop();
        this.recorder.close();
        this.flushSide.beginEnd(milliseconds);
      },
      (began) => this.flushSide.finishEnd(began + milliseconds),
      () => this.flushSide.askToPark(),
      (began) => this.flushSide.waitUntilParked(began + PARK_MS),
    ];
  }

  /** Stops the collector when the realm of this copy of the package ends: no code is left that could close it. */
  private abandon(): void {
    releaseDefault(this);
    this.closing ??= this.stop().catch(() => {});
  }

  private alerting(): Alerting {
    if (this.rules !== undefined) return this.rules;
    throw new RingmeterError(
      'RINGMETER_INVALID_OPTION',
      'this collector has no rules on this thread: rules belong to the thread that made the collector',
    );
  }

  /** The flushing side, after this thread's records have been made visible to it. */
  private flushing(): Flushing {
    if (this.closing) throw new RingmeterError('RINGMETER_CLOSED', 'the collector has been closed');
    this.recorder.publish();
    return this.flushSide;
  }
}

showsOnly(MetricsCollector, (collector) => ({
  closed: collector.closed,
  bytes: collector.handle.arena.byteLength,
  storages: collector.storages,
}));

function checkNames(names: unknown): void {
  if (names === undefined || (Array.isArray(names) && names.every((name) => typeof name === 'string'))) return;
  throw new RingmeterError('RINGMETER_INVALID_OPTION', `names must be an array of strings, got ${shown(names)}`);
}

/** Loaded only here: rules bring PromQL with them. */
function openAlerting(port: RulePort): Alerting {
  const { Alerting } = require('../alerts/alerting') as typeof import('../alerts/alerting');
  return new Alerting(port, threadMark(threadId));
}

/** Checks the files that threads are started with: a bundle lacks them. */
function checkFiles(options: ResolvedOptions | undefined): void {
  if (options === undefined) return;
  if (options.flushWorkers > 0) checkWorkerFile('flush');
  if (options.storages.some(({ description }) => description.foreign)) checkWorkerFile('storage');
}

/** Tells the thread that made the collector about this thread's end, and lets it emit this thread's warnings. */
function joinThread(maker: number): void {
  announceTo(maker);
  warnThrough(maker);
}

function createArena({ maxMemory, maxThreads, ringCapacity, settings }: ResolvedOptions): Arena {
  return Arena.create({ maxMemory, maxThreads, ringCapacity, settings, maker: threadMark(threadId) });
}

function checkCloseOptions(options: { timeout?: number } | undefined): number {
  const { timeout } = checkOptions('close options', options, ['timeout']);
  return checkNumber('timeout', timeout, 10_000, 0, 2 ** 31 - 1);
}

function refusalOf(error: unknown): StorageRefusal[] {
  return [{ storage: 'all', message: messageOf(error) }];
}
