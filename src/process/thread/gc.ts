import { constants, PerformanceObserver } from 'node:perf_hooks';
import type { Probe, ThreadSeries } from './series';

const KINDS: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  // V8's minor mark-sweep of the young generation, for which node has no name
  2: 'minor',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weakcb',
};

/** Node's performance entry of a collection; the type declarations lack `detail`. */
interface Collection {
  /** Milliseconds. */
  readonly duration: number;
  readonly detail?: { readonly kind?: number };
}

/** Records every garbage collection of this thread: the observer gets one entry for each. */
export function gcProbe(series: ThreadSeries): Probe {
  const options = {
    description: 'Garbage collection duration by kind, one of major, minor, incremental or weakcb.',
    buckets: series.options.gcDurationBuckets,
  };
  // registered at the start: a series that appears with its first event shows no increase
  const kinds = new Map(
    [...new Set(Object.values(KINDS))].map((kind) => [
      kind,
      series.histogram('nodejs_gc_duration_seconds', { kind }, options),
    ]),
  );
  const record = (entries: readonly Collection[]): void => {
    for (const { detail, duration } of entries) kinds.get(KINDS[detail?.kind ?? 0])?.observe(duration / 1000);
  };
  const observer = new PerformanceObserver((list) => record(list.getEntries()));
  observer.observe({ entryTypes: ['gc'] });
  const recordWaiting = (): void => record(observer.takeRecords());
  return {
    sample: recordWaiting,
    stop() {
      recordWaiting();
      observer.disconnect();
    },
  };
}
