import type { MetricsCollector } from '../collector/collector';
import { type HistogramOptions, type MetricOptions, resolveDefinition } from '../instruments/definitions';

/** What a counter is called and says of itself; it is made where it is used first, on the process's collector. */
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

/** What a histogram of durations in seconds is called and says of itself. */
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

/** What a gauge of calls that are going on is called and says of itself. */
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
