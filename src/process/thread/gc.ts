import { constants, PerformanceObserver } from 'node:perf_hooks';
import type { Probe, ThreadSeries } from './series';

const KINDS: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  // V8's other collector of the young generation, which node has no name for
  2: 'minor',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weakcb',
};

/** What node tells of a collection; the types lack its detail. */
interface Collection {
  /** Milliseconds. */
  readonly duration: number;
  readonly detail?: { readonly kind?: number };
}

/** Every garbage collection of this thread: an observer's batch has as many entries as there were collections. */
export function gcProbe(series: ThreadSeries): Probe {
  const options = {
    description: 'Garbage collection duration by kind, one of major, minor, incremental or weakcb.',
    buckets: series.options.gcDurationBuckets,
  };
  // from the beginning: what appears with its first event has no increase to be seen
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
