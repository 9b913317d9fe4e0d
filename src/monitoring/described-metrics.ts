import type { MetricsCollector } from '../collector/collector';
import { type HistogramOptions, type MetricOptions, resolveDefinition } from '../instruments/definitions';

/** Name and description of a counter, which is made on the collector at its first use. */
export class CounterMetric {
  /** @throws RingmeterError with the code that says what is wrong with the definition */
  constructor(
    readonly name: string,
    private readonly options: Omit<MetricOptions, 'labels'> = {},
  ) {
    resolveDefinition('counter', name, options);
  }

  on(collector: MetricsCollector) {
    return collector.counter(this.name, this.options);
  }
}

/** Name and description of a histogram of durations in seconds. */
export class TimingMetric {
  /** @throws RingmeterError with the code that says what is wrong with the definition */
  constructor(
    readonly name: string,
    private readonly options: Omit<HistogramOptions, 'labels'> = {},
  ) {
    resolveDefinition('histogram', name, options);
  }

  on(collector: MetricsCollector) {
    return collector.histogram(this.name, this.options);
  }
}

/** Name and description of a gauge of running calls. */
export class InFlightMetric {
  /** @throws RingmeterError with the code that says what is wrong with the definition */
  constructor(
    readonly name: string,
    private readonly options: Omit<MetricOptions, 'labels'> = {},
  ) {
    resolveDefinition('gauge', name, options);
  }

  on(collector: MetricsCollector) {
    return collector.gauge(this.name, this.options).countInFlight();
  }
}
