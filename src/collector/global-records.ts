import { messageOf } from '../common/errors';
import { warnOnce } from '../common/warning';
import type { RecordOptions } from '../instruments/named';
import type { MetricsCollector } from './collector';
import { getMetricsCollector } from './default-collector';
import { presentDefault } from './process-default';

/*
 * Records on the process's collector, by the metric's name, for code without access to a collector. A bound handle
 * takes a tenth of the time. Never throws, like every record.
 */

/** Whether making the process's collector has failed. Not retried at every record, since that would slow down each. */
let failed = false;

/**
 * Records nothing if there is no collector (no memory for one), or if the record throws, as one of another copy of the
 * package may.
 */
function recordOn(record: (collector: MetricsCollector) => void): void {
  try {
    const collector = failed ? presentDefault() : getMetricsCollector();
    if (collector !== undefined) record(collector);
  } catch (error) {
    failed = presentDefault() === undefined;
    warnOnce('RINGMETER_INVALID_RECORD', `the functions that record by name record nothing: ${messageOf(error)}`);
  }
}

/** Adds `value` (1 if left out) to a counter: `recordCounter('orders_total', { value: 2, labels: { shop: 'north' } })`. */
export function recordCounter(name: string, options?: RecordOptions & { value?: number }): void {
  recordOn((collector) => collector.recordCounter(name, options));
}

/** Sets a gauge. */
export function recordGauge(name: string, value: number, options?: RecordOptions): void {
  recordOn((collector) => collector.recordGauge(name, value, options));
}

/** Observes a value in a histogram. */
export function recordHistogram(name: string, value: number, options?: RecordOptions): void {
  recordOn((collector) => collector.recordHistogram(name, value, options));
}

/** Observes a value in a summary. */
export function recordSummary(name: string, value: number, options?: RecordOptions): void {
  recordOn((collector) => collector.recordSummary(name, value, options));
}
