import { MessageChannel, threadId } from 'node:worker_threads';
import { Err, Ok, type Result } from 'ts-results-es';
import type { Cardinality } from './aggregate/cardinality';
import { Drainer } from './aggregate/drain';
import { Arena } from './arena/arena';
import { threadMark, threadOf } from './arena/shard';
import { messageOf, RingmeterError, StorageError, type StorageRefusal, shown, toPlainError } from './errors';
import type { Metric } from './exposition/metrics';
import type { Exposition } from './exposition/prometheus';
import type { BoundCounter, Counter } from './instruments/counter';
import type { HistogramOptions, MetricOptions, SummaryOptions } from './instruments/definitions';
import type { BoundGauge, Gauge } from './instruments/gauge';
import type { BoundHistogram, Histogram } from './instruments/histogram';
import { Instruments } from './instruments/instruments';
import type { Labels } from './instruments/labels';
import { NamedRecords, type RecordOptions } from './instruments/named';
import { SeriesReading } from './instruments/reading';
import { Recorder } from './instruments/recorder';
import { Removal } from './instruments/removal';
import { SeriesSet } from './instruments/series-set';
import type { BoundSummary, Summary } from './instruments/summary';
import { type CollectorOptions, type ResolvedOptions, resolveOptions } from './options';
import { checkNumber, checkOneOf, checkOptions } from './options-check';
import { Endpoint, type ListenOptions, type OpenServer } from './pool/endpoint';
import { Flushing } from './pool/flushing';
import { announceTo } from './pool/thread-ends';
import { claimDefault, releaseDefault, remember } from './process-default';
import type { Settings } from './settings';
import { Shutdown } from './shutdown';
import { type CollectorStats, readStats } from './stats';
import type { Storage } from './storage/types';
import { warn } from './warning';

/** What another thread needs to join a collector: send it as `workerData` or in a message, and `attachCollector` it. */
export interface CollectorHandle {
  readonly arena: SharedArrayBuffer;
}

/** Says to the constructor that an arena is there already. */
export class AttachedTo {
  constructor(readonly handle: CollectorHandle) {}
}

/** How long `stats()` waits for a worker that is folding. */
const STATS_PATIENCE_MS = 500;

/** With `labels`, the bound series of those labels instead of the metric. */
type WithLabels<O, Name extends string> = O & { labels: Labels<Name> };
type WithoutLabels<O> = O & { labels?: undefined };

/**
 * Owns an arena, this thread's instruments and the flush workers. Make one per process; other threads find it with
 * `getMetricsCollector()`.
 */
export class MetricsCollector {
  /** Give this to threads that shall record into this collector. */
  readonly handle: CollectorHandle;
  /** The storages this collector was made with; none where it was attached to. */
  readonly storages: readonly Storage[];
  private readonly arena: Arena;
  private readonly recorder: Recorder;
  private readonly drainer: Drainer;
  private readonly removal: Removal;
  private readonly instruments: Instruments;
  private readonly named: NamedRecords;
  private readonly flushSide: Flushing;
  private readonly shutdown: Shutdown;
  private readonly endpoints = new Set<Endpoint>();
  private closing: Promise<void> | undefined;

  /** @throws RingmeterError RINGMETER_INVALID_OPTION; RINGMETER_INVALID_HANDLE */
  constructor(options?: CollectorOptions | AttachedTo) {
    const attached = options instanceof AttachedTo;
    const resolved = attached ? undefined : resolveOptions(options);
    this.arena = attached ? Arena.attach(options.handle?.arena) : createArena(resolved!);
    this.handle = { arena: this.arena.buffer };
    this.storages = resolved?.storages ?? [];
    const settings = this.arena.settings as Settings;
    this.recorder = new Recorder(this.arena, settings.onFull);
    this.drainer = new Drainer(this.arena, threadMark(threadId));
    const reading = new SeriesReading(this.recorder, this.drainer);
    this.removal = new Removal(this.recorder, this.drainer);
    this.instruments = new Instruments({
      recorder: this.recorder,
      reading,
      removal: this.removal,
      cardinalityLimit: settings.cardinalityLimit,
      seriesLimit: settings.seriesLimit,
      defaultLabels: Object.entries(settings.defaultLabels),
      resolved: new SeriesSet(),
    });
    this.named = new NamedRecords(this.instruments, this.recorder);
    // first what can throw, then what has to be ended again
    this.storages.forEach((storage, index) => {
      storage.bind(async (query) => this.flushing().query(index, query));
    });
    this.flushSide = new Flushing(this.arena, this.drainer.shards, resolved);
    this.shutdown = new Shutdown(
      () => this.endNow(resolved?.shutdown.timeout ?? 0),
      resolved?.shutdown.signals ?? [],
      () => this.close({ timeout: resolved?.shutdown.timeout }),
    );
    if (attached) announceTo(threadOf(this.arena.maker));
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
        'this collector has no storage, or was attached to: its storages are in the thread that made it then',
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
   * every call; never throws: what cannot be recorded is counted as invalid.
   */
  recordCounter(name: string, options?: RecordOptions & { value?: number }): void {
    this.named.counter(name, options?.value, options?.labels);
  }

  /** Sets the gauge of that name; like `recordCounter`. */
  recordGauge(name: string, value: number, options?: RecordOptions): void {
    this.named.gauge(name, value, options?.labels);
  }

  /** Observes a value in the histogram of that name; like `recordCounter`. */
  recordHistogram(name: string, value: number, options?: RecordOptions): void {
    this.named.histogram(name, value, options?.labels);
  }

  /** Observes a value in the summary of that name; like `recordCounter`. */
  recordSummary(name: string, value: number, options?: RecordOptions): void {
    this.named.summary(name, value, options?.labels);
  }

  /**
   * Removes every series of every metric; the metrics stay. What is recorded afterwards begins again from zero.
   *
   * @returns how many series there were
   * @throws RingmeterError RINGMETER_BUSY, RINGMETER_OUT_OF_MEMORY
   */
  clear(): number {
    const count = this.removal.endAll('remove');
    this.instruments.forget();
    return count;
  }

  /** Lets every series of every metric begin again from zero. Throws as `clear` does. */
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
    return this.flushing().run('exposition', { names });
  }

  /**
   * Flushes to every storage now. Never rejects. Returns how many series were stored, or what each storage that failed
   * says; a storage with a queue keeps the snapshot and tries again.
   */
  async collectAndStore(): Promise<Result<number, StorageError>> {
    try {
      const { series, failures } = await this.flushing().run('store', {});
      return failures.length === 0 ? Ok(series) : Err(new StorageError(failures));
    } catch (error) {
      const { code, message } = toPlainError(error, 'RINGMETER_STORAGE_FAILED');
      return Err(new StorageError([{ storage: 'all', message }], { code, cause: error }));
    }
  }

  /** Flushes to every storage now. @throws StorageError if some storage failed; one with a queue tries again */
  async flush(): Promise<void> {
    const { failures } = await this.flushing().run('store', {});
    if (failures.length > 0) throw new StorageError(failures);
  }

  /**
   * Opens the scrape endpoint in a flush worker: `GET /metrics`, `GET /-/healthy`. If that worker dies, the endpoint is
   * opened again by another one, at the same port.
   *
   * @throws RingmeterError RINGMETER_LISTEN_FAILED if the port is taken or not allowed, RINGMETER_INVALID_OPTION
   */
  async listen(options?: ListenOptions): Promise<Endpoint> {
    const side = this.flushing();
    const openServer: OpenServer = async (address) => {
      const { port1, port2 } = new MessageChannel();
      return { control: port1, bound: await side.run('listen', { address, control: port2 }) };
    };
    return Endpoint.open(options, openServer, this.endpoints);
  }

  /** Counts of what was recorded, folded, dropped and refused, and of what it takes. Drains what it can first. */
  stats(): CollectorStats {
    this.recorder.publish();
    this.drainer.withDrained(this.drainer.used(), STATS_PATIENCE_MS, () => {});
    return readStats(this.arena, this.drainer, this.flushSide.storages());
  }

  /**
   * Flushes a last time, closes the storages and the endpoints, ends the workers. What is recorded afterwards can still be
   * read on this thread, but is stored and served no more. A second call waits for the first.
   *
   * @param options.timeout milliseconds that the storages may take for what they still have; default 10 000
   */
  close(options?: { timeout?: number }): Promise<void> {
    this.closing ??= this.end(checkCloseOptions(options));
    return this.closing;
  }

  private async end(milliseconds: number): Promise<void> {
    releaseDefault(this);
    this.recorder.publish();
    const refusals = await this.flushSide.end(milliseconds).catch(refusalOf);
    for (const { storage, message } of refusals) warn('RINGMETER_STORAGE_FAILED', `last flush, ${storage}: ${message}`);
    await Promise.all([...this.endpoints].map((endpoint) => endpoint.close()));
    await this.flushSide.close();
    this.shutdown.stop();
    this.recorder.close();
  }

  /** What is done when the process, or this thread, ends without `close()` having come to its end. */
  private endNow(milliseconds: number): void {
    this.recorder.close();
    this.flushSide.endBlocking(milliseconds);
  }

  /** The flushing side, with everything that this thread has recorded in its sight. */
  private flushing(): Flushing {
    if (this.closing) throw new RingmeterError('RINGMETER_CLOSED', 'the collector has been closed');
    this.recorder.publish();
    return this.flushSide;
  }
}

function checkNames(names: unknown): void {
  if (names === undefined || (Array.isArray(names) && names.every((name) => typeof name === 'string'))) return;
  throw new RingmeterError('RINGMETER_INVALID_OPTION', `names must be an array of strings, got ${shown(names)}`);
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
