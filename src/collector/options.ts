import { constants } from 'node:os';
import type { ResourceLimits } from 'node:worker_threads';
import type { Notifier } from '../alerts/notifier';
import type { RulePort } from '../alerts/port';
import type { RuleFile, RuleGroup } from '../alerts/rules';
import { RingmeterError, shown } from '../common/errors';
import { checkInteger, checkNumber, checkOneOf, checkOptions } from '../common/options-check';
import { hasProperty } from '../common/own-properties';
import { type DashboardOptions, type DashboardSettings, resolveDashboard } from '../dashboard/options';
import type { Storage } from '../delivery/types';
import { checkCommonLabels } from '../instruments/common-labels';
import type { FlushingOptions } from '../pool/flushing-options';
import { isOwnThread } from '../pool/own-thread';
import { checkDefaultMetrics, type DefaultMetrics, type DefaultMetricsOptions } from '../process/options';
import type { LabelValue } from '../registry/label-pairs';
import { MemoryStorage } from '../storages/memory/memory';
import { ForeignStorage, type ModuleStorage } from '../storages/module/foreign';

/** Options of a collector; every one has a default. */
export interface CollectorOptions {
  /** Where flushed snapshots go. Default: a `MemoryStorage`. */
  storage?: Storage | ModuleStorage | readonly (Storage | ModuleStorage)[];
  /** Milliseconds between flushes to the storages; 0 = only when asked. Default 10 000. */
  flushInterval?: number;
  /** Worker threads, about 11 MB each; 0 = everything on this thread. Default 1. */
  flushWorkers?: number;
  /** Least milliseconds between two drains of the rings; up to 100 while few events are recorded. Default 10. */
  drainInterval?: number;
  /** Most milliseconds that a snapshot waits for the values of `gauge.collect(...)` and `counter.collect(...)`. Default 250. */
  collectTimeout?: number;
  /** Events per ring, 16 bytes each; a power of two from 64 to 2^24. Default 65 536. */
  ringCapacity?: number;
  /** Policy for a full ring: the recording thread folds the event ('fold'), or drops and counts it. Default 'fold'. */
  onFull?: 'fold' | 'drop';
  /** Bytes of shared memory, resident where touched; nothing goes beyond. Default 256 MiB, at most 2 GiB. */
  maxMemory?: number;
  /** Most threads that record at the same time. Default 64. */
  maxThreads?: number;
  /** Most series of one metric; further label sets share its overflow series. Default 10 000. */
  cardinalityLimit?: number;
  /** Most series of all metrics together; further label sets share the overflow series of their metrics. Default 1 000 000. */
  seriesLimit?: number;
  /** Labels of every series, unless it has one of the same name itself. Default none. */
  defaultLabels?: Readonly<Record<string, LabelValue>>;
  /** Alerting and recording rules: groups, and files of groups in Prometheus' format. Default none. */
  rules?: readonly (RuleFile | RuleGroup)[];
  /** Receivers of alerts, beside callbacks. Default none. */
  notifiers?: readonly Notifier[];
  /** Content of the dashboard at endpoints and of `dashboard()`. Default: what is found; see docs/dashboard.md. */
  dashboard?: DashboardOptions;
  worker?: WorkerOptions;
  shutdown?: ShutdownOptions;
  /** Whether and how to measure the process, its threads and the machine. Default false. */
  defaultMetrics?: boolean | DefaultMetricsOptions;
}

/** Behaviour when the process ends without `close()`. */
export interface ShutdownOptions {
  /** Most milliseconds by which a last flush delays the end; 0 = no flush. Default 2 000. */
  timeout?: number;
  /** Signals on which the collector is closed before they terminate the process. Default none. */
  signals?: readonly NodeJS.Signals[];
}

/** How the operating system and V8 treat the flush workers. */
export interface WorkerOptions {
  /** Added to the workers' nice value (0 to 19): they yield to the serving threads. Default 0. */
  niceIncrement?: number;
  /** V8 heap limits of each worker, in MB, as node's Worker takes them. Default 6 MB for the young generation, else V8's own. */
  resourceLimits?: ResourceLimits;
}

/** The options with every default filled in. */
export interface ResolvedOptions extends FlushingOptions {
  settings: DashboardSettings;
  ringCapacity: number;
  maxMemory: number;
  maxThreads: number;
  shutdown: { timeout: number; signals: readonly NodeJS.Signals[] };
  defaultMetrics: DefaultMetrics | false;
}

/** Young generation of a worker, for short-lived objects: more than a snapshot needs would only stay resident. */
const YOUNG_GENERATION_MB = 6;

/** @throws RingmeterError RINGMETER_INVALID_OPTION and those of bad label names */
export function resolveOptions(options?: CollectorOptions): ResolvedOptions {
  const given = checkOptions('collector options', options, [
    'storage',
    'flushInterval',
    'flushWorkers',
    'drainInterval',
    'collectTimeout',
    'ringCapacity',
    'onFull',
    'maxMemory',
    'maxThreads',
    'cardinalityLimit',
    'seriesLimit',
    'defaultLabels',
    'rules',
    'notifiers',
    'dashboard',
    'worker',
    'shutdown',
    'defaultMetrics',
  ]);
  const worker = checkOptions('worker', given.worker, ['niceIncrement', 'resourceLimits']);
  const storages = checkStorages(given.storage);
  const flushInterval = checkNumber('flushInterval', given.flushInterval, 10_000, 0, 2 ** 31 - 1);
  return withoutThreads({
    settings: {
      flushInterval,
      drainInterval: checkNumber('drainInterval', given.drainInterval, 10, 1, 60_000),
      collectTimeout: checkNumber('collectTimeout', given.collectTimeout, 250, 0, 60_000),
      onFull: checkOneOf('onFull', given.onFull, 'fold', ['fold', 'drop']),
      cardinalityLimit: checkInteger('cardinalityLimit', given.cardinalityLimit, 10_000, 1, 2 ** 24),
      seriesLimit: checkInteger('seriesLimit', given.seriesLimit, 1_000_000, 1, 2 ** 24),
      defaultLabels: checkCommonLabels('defaultLabels', given.defaultLabels),
      dashboard: resolveDashboard(given.dashboard),
    },
    storages,
    rules: checkRules(given, flushInterval, storages),
    flushWorkers: checkInteger('flushWorkers', given.flushWorkers, 1, 0, 64),
    ringCapacity: checkPowerOfTwo(
      'ringCapacity',
      checkInteger('ringCapacity', given.ringCapacity, 65_536, 64, 2 ** 24),
    ),
    maxMemory: checkInteger('maxMemory', given.maxMemory, 256 * 2 ** 20, 2 ** 20, 2 ** 31),
    maxThreads: checkInteger('maxThreads', given.maxThreads, 64, 1, 1024),
    niceIncrement: checkInteger('worker.niceIncrement', worker.niceIncrement, 0, 0, 19),
    resourceLimits: checkResourceLimits(worker.resourceLimits),
    shutdown: checkShutdown(given.shutdown),
    defaultMetrics: checkDefaultMetrics(given.defaultMetrics),
  });
}

/**
 * The user's code also runs on the library's own threads: preloads, and modules of storages. A collector that it makes
 * there starts no threads, which would run the same code recursively, and stores only in memory: the program's
 * collector already writes to the program's storages.
 */
function withoutThreads(options: ResolvedOptions): ResolvedOptions {
  if (!isOwnThread()) return options;
  const storages = options.storages.filter(({ description }) => description.direct);
  return { ...options, flushWorkers: 0, storages, rules: undefined };
}

function checkResourceLimits(limits: ResourceLimits | undefined): ResourceLimits {
  const given = checkOptions('worker.resourceLimits', limits, [
    'maxYoungGenerationSizeMb',
    'maxOldGenerationSizeMb',
    'codeRangeSizeMb',
    'stackSizeMb',
  ]);
  for (const [name, value] of Object.entries(given)) checkNumber(`worker.resourceLimits.${name}`, value, 0, 1, 2 ** 20);
  return { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB, ...given };
}

function checkPowerOfTwo(name: string, value: number): number {
  if ((value & (value - 1)) === 0) return value;
  throw new RingmeterError('RINGMETER_INVALID_OPTION', `${name} must be a power of two, got ${value}`);
}

function checkShutdown(options: ShutdownOptions | undefined): ResolvedOptions['shutdown'] {
  const { timeout, signals = [] } = checkOptions('shutdown', options, ['timeout', 'signals']);
  if (!Array.isArray(signals))
    throw new RingmeterError('RINGMETER_INVALID_OPTION', `shutdown.signals must be an array, got ${shown(signals)}`);
  for (const signal of signals)
    if (!Object.hasOwn(constants.signals, signal) || signal === 'SIGKILL' || signal === 'SIGSTOP')
      throw new RingmeterError(
        'RINGMETER_INVALID_OPTION',
        `shutdown.signals must be names of signals that can be caught, got ${shown(signal)}`,
      );
  return { timeout: checkNumber('shutdown.timeout', timeout, 2_000, 0, 2 ** 31 - 1), signals: [...new Set(signals)] };
}

function isStorage(one: unknown): one is Storage {
  const { bind, description } = (typeof one === 'object' && one !== null ? one : {}) as Partial<Storage>;
  return typeof bind === 'function' && typeof description === 'object';
}

function isModule(one: unknown): one is ModuleStorage {
  return typeof one === 'object' && one !== null && hasProperty(one, 'module');
}

function checkStorages(storage: unknown): readonly Storage[] {
  const given: unknown[] = storage === undefined ? [new MemoryStorage()] : Array.isArray(storage) ? storage : [storage];
  return given.map((one) => {
    if (isStorage(one)) return one;
    if (isModule(one)) return new ForeignStorage(one);
    throw new RingmeterError(
      'RINGMETER_INVALID_OPTION',
      `storage must be a storage, { module: path }, or an array of these, got ${shown(one)}`,
    );
  });
}

/** Loaded only if there are rules: they bring PromQL with them. */
function checkRules(
  { rules, notifiers }: CollectorOptions,
  flushInterval: number,
  storages: readonly Storage[],
): RulePort | undefined {
  if (rules === undefined && notifiers === undefined) return undefined;
  const { resolveRules } = require('../alerts/resolve') as typeof import('../alerts/resolve');
  return resolveRules(rules, notifiers, flushInterval, storages);
}
