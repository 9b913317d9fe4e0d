import type { MetricsCollector } from '../collector/collector';
import { getMetricsCollector } from '../collector/default-collector';
import { messageOf } from '../common/errors';
import { warnOnce } from '../common/warning';
import type { Counter } from '../instruments/counter';
import type { Gauge } from '../instruments/gauge';
import type { Histogram } from '../instruments/histogram';
import type { Labels } from '../instruments/labels';
import type { CounterMetric, InFlightMetric, TimingMetric } from './described-metrics';

/** What to record of a function's calls. All options are optional. */
export interface MonitoringOptions<Args extends readonly unknown[] = readonly never[]> {
  /** Seconds that calls took, including failed ones, until the promise has settled or the generator has ended. */
  timingMetric?: TimingMetric;
  /** Counts calls when they end. */
  counterMetric?: CounterMetric;
  /** Calls that failed: threw, rejected, or, with `resultErrors`, returned the error side of a Result. */
  errorCounter?: CounterMetric;
  /** Running calls. */
  inFlightMetric?: InFlightMetric;
  /** Labels of all these metrics, or a function of the call's arguments that returns them. */
  labels?: Labels | ((...args: Args) => Labels);
  /** Whether a returned value whose `isErr()` returns true counts as a failure. Default false. */
  resultErrors?: boolean;
  /** Default: the process's collector at the time of the call. */
  collector?: MetricsCollector;
}

interface Metrics {
  readonly collector: MetricsCollector;
  readonly timing: Histogram | undefined;
  readonly calls: Counter | undefined;
  readonly errors: Counter | undefined;
  readonly inFlight: Gauge | undefined;
}

/** Records the calls of one function. Never throws: a metric that cannot be made is skipped. */
export class Observation {
  private metrics: Metrics | undefined;

  constructor(private readonly options: MonitoringOptions) {}

  /** Called when a call begins. @returns a function to call when it ends */
  begin(args: ArrayLike<unknown>): (failed: boolean) => void {
    const metrics = this.present();
    if (metrics === undefined) return () => {};
    const labels = this.labelsOf(args);
    const { collector, inFlight } = metrics;
    // a closed collector has already subtracted the running calls
    const series = collector.closed ? undefined : inFlight?.began(labels);
    const began = performance.now();
    return (failed) => {
      if (series !== undefined && !collector.closed) inFlight?.ended(series);
      metrics.timing?.observe((performance.now() - began) / 1000, labels);
      metrics.calls?.increment(1, labels);
      if (failed) metrics.errors?.increment(1, labels);
    };
  }

  /** Whether a returned value is a failure. */
  isFailure(result: unknown): boolean {
    if (this.options.resultErrors !== true || typeof result !== 'object' || result === null) return false;
    try {
      const { isErr } = result as { isErr?: unknown };
      return typeof isErr === 'function' && isErr.call(result) === true;
    } catch {
      return false;
    }
  }

  private labelsOf(args: ArrayLike<unknown>): Labels | undefined {
    const { labels } = this.options;
    if (typeof labels !== 'function') return labels;
    try {
      return labels(...(Array.from(args) as never[]));
    } catch (error) {
      // not a label set: the record itself refuses and counts it
      warnOnce(
        'RINGMETER_INVALID_RECORD',
        `the labels function of a monitored function threw: ${messageOf(error)}`,
        this.subject('labels'),
      );
      return null as never;
    }
  }

  private present(): Metrics | undefined {
    try {
      const collector = this.options.collector ?? getMetricsCollector();
      if (this.metrics?.collector !== collector) this.metrics = this.metricsOn(collector);
      return this.metrics;
    } catch (error) {
      warnOnce(
        'RINGMETER_INVALID_RECORD',
        `the calls of a monitored function are not recorded: ${messageOf(error)}`,
        this.subject('metric'),
      );
      return undefined;
    }
  }

  /** The subject of a warning: one of the metrics, and the reason. */
  private subject(reason: string): string {
    const { timingMetric, counterMetric, errorCounter, inFlightMetric } = this.options;
    return `monitored ${reason} ${(timingMetric ?? counterMetric ?? errorCounter ?? inFlightMetric)?.name}`;
  }

  private metricsOn(collector: MetricsCollector): Metrics {
    const { timingMetric, counterMetric, errorCounter, inFlightMetric } = this.options;
    return {
      collector,
      timing: timingMetric?.on(collector),
      calls: counterMetric?.on(collector),
      errors: errorCounter?.on(collector),
      inFlight: inFlightMetric?.on(collector),
    };
  }
}
