import { messageOf } from '../common/errors';
import { warnOnce } from '../common/warning';
import type { RecordOptions } from '../instruments/named';
import type { MetricsCollector } from './collector';
import { getMetricsCollector } from './default-collector';
import { presentDefault } from './process-default';

/*
 * Records on the process's collector, by the metric's name. For code that has no collector at hand; a bound handle costs a
 * tenth. Like every record they never throw.
 */

/** Whether making the process's collector has failed. It is not tried at every record again: each would take as long. */
let failed = false;

/**
 * The collector can be missing (no memory for one), and be of another copy of the package, whose records may throw: then
 * nothing is recorded.
 */
function recordOn(record: (collector: MetricsCollector) => void): void {
  try {
    const collector = failed ? presentDefault() : getMetricsCollector();
    if (collector !== undefined) record(collector);
  } catch (error) {
    failed = presentDefault() === undefined;
    warnOnce('RINGMETER_INVALID_RECORD', `nothing is recorded by name: ${messageOf(error)}`);
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
