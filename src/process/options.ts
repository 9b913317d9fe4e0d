import { shown } from '../common/errors';
import { METRIC_NAME } from '../common/names';
import {
  checkBoolean,
  checkInteger,
  checkNumber,
  checkOptions,
  checkString,
  invalidOption,
} from '../common/options-check';
import { checkCommonLabels } from '../instruments/common-labels';
import { checkBuckets } from '../kinds/buckets';
import type { LabelValue } from '../registry/label-pairs';

/** What is measured of the process, its threads and the machine. The first four are prom-client's. */
export interface DefaultMetricsOptions {
  /** Put before the names of all but the `ringmeter_*` metrics. Default ''. */
  prefix?: string;
  /** Labels that all of these metrics get. Default none. */
  labels?: Readonly<Record<string, LabelValue>>;
  /** Bucket bounds of `nodejs_gc_duration_seconds`, in seconds. Default 0.001, 0.01, 0.1, 1, 2, 5. */
  gcDurationBuckets?: readonly number[];
  /** Milliseconds between two looks at the event loop's delay, on each thread. Default 10. */
  eventLoopMonitoringPrecision?: number;
  /** Whether to measure `system_*` and `cgroup_*` (Linux). Default true. */
  system?: boolean;
  /** Milliseconds after which a stalled event loop is warned about, with its stack; 0 = never. Default 0. */
  stallThreshold?: number;
}

/** The options with all defaults, stored in the arena for all threads. */
export interface DefaultMetrics {
  prefix: string;
  labels: Record<string, string>;
  gcDurationBuckets: number[];
  eventLoopMonitoringPrecision: number;
  system: boolean;
  stallThreshold: number;
}

const GC_BUCKETS = [0.001, 0.01, 0.1, 1, 2, 5];

/**
 * @returns false if they are not wanted
 * @throws RingmeterError RINGMETER_INVALID_OPTION, and those of bad label names and buckets
 */
export function checkDefaultMetrics(options: boolean | DefaultMetricsOptions = false): DefaultMetrics | false {
  if (options === false) return false;
  const given = checkOptions<DefaultMetricsOptions>('defaultMetrics', options === true ? {} : options, [
    'prefix',
    'labels',
    'gcDurationBuckets',
    'eventLoopMonitoringPrecision',
    'system',
    'stallThreshold',
  ]);
  return {
    prefix: checkPrefix(checkString('defaultMetrics.prefix', given.prefix, '')),
    labels: checkLabels(given.labels),
    gcDurationBuckets: checkBuckets(given.gcDurationBuckets ?? GC_BUCKETS),
    eventLoopMonitoringPrecision: checkInteger(
      'defaultMetrics.eventLoopMonitoringPrecision',
      given.eventLoopMonitoringPrecision,
      10,
      1,
      60_000,
    ),
    system: checkBoolean('defaultMetrics.system', given.system, true),
    stallThreshold: checkNumber('defaultMetrics.stallThreshold', given.stallThreshold, 0, 0, 2 ** 31 - 1),
  };
}

function checkPrefix(prefix: string): string {
  if (prefix === '' || METRIC_NAME.test(prefix)) return prefix;
  return invalidOption(`defaultMetrics.prefix must be the beginning of a metric name, got ${shown(prefix)}`);
}

/** A metric's own label overrides one of the same name; `thread`, which identifies threads, is refused. */
function checkLabels(labels: unknown): Record<string, string> {
  const known = checkCommonLabels('defaultMetrics.labels', labels);
  if (!Object.hasOwn(known, 'thread')) return known;
  return invalidOption('defaultMetrics.labels must not have the label "thread"');
}
