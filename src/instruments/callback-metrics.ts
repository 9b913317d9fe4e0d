import type { CallbackOutcomes } from './collect-source';
import type { Counter } from './counter';
import type { MetricOptions } from './definitions';
import type { Gauge } from './gauge';
import type { Instruments } from './instruments';

const labelNames = ['metric'] as const;

/** The library's own metrics about callbacks: the time of their last success, and the number of failures. */
export class CallbackMetrics implements CallbackOutcomes {
  private lastSuccess: Gauge | undefined;
  private failures: Counter | undefined;

  constructor(private readonly instruments: () => Instruments) {}

  succeeded(metric: string): void {
    this.lastSuccess ??= this.make('gauge', 'ringmeter_collect_last_success_timestamp_seconds', {
      description: 'Unix time at which the collect-time values of a metric were read last.',
      labelNames,
    });
    this.lastSuccess?.set(Date.now() / 1000, { metric });
  }

  failed(metric: string): void {
    this.failures ??= this.make('counter', 'ringmeter_collect_failures_total', {
      description: 'Calls of callbacks for collect-time values that failed.',
      labelNames,
    });
    this.failures?.increment(1, { metric });
  }

  /** Undefined if the user has defined the name differently, or there is no room: then the metric is left out. */
  private make<M>(type: 'counter' | 'gauge', name: string, options: MetricOptions): M | undefined {
    try {
      return this.instruments().get(type, name, options) as M;
    } catch {
      return undefined;
    }
  }
}
