import { getMetricsCollector } from './default-collector';
import type { RecordOptions } from './instruments/named';

/*
 * Records on the process's collector, by the metric's name. For code that has no collector at hand; a bound handle costs a
 * tenth. Like every record they never throw.
 */

/** Adds `value` (1 if left out) to a counter: `recordCounter('orders_total', { value: 2, labels: { shop: 'north' } })`. */
export function recordCounter(name: string, options?: RecordOptions & { value?: number }): void {
  getMetricsCollector().recordCounter(name, options);
}

/** Sets a gauge. */
export function recordGauge(name: string, value: number, options?: RecordOptions): void {
  getMetricsCollector().recordGauge(name, value, options);
}

/** Observes a value in a histogram. */
export function recordHistogram(name: string, value: number, options?: RecordOptions): void {
  getMetricsCollector().recordHistogram(name, value, options);
}

/** Observes a value in a summary. */
export function recordSummary(name: string, value: number, options?: RecordOptions): void {
  getMetricsCollector().recordSummary(name, value, options);
}
