import { messageOf, RingmeterError } from '../common/errors';
import type { MetricType } from '../kinds/definition';
import type { Counter } from './counter';
import type { Gauge } from './gauge';
import type { Histogram } from './histogram';
import type { Instruments } from './instruments';
import type { Labels } from './labels';
import type { Recorder } from './recorder';
import type { Summary } from './summary';

/** To ignore inherited options: comparing with these values is cheaper than a check for own properties. */
const ALL = Object.prototype as { labels?: Labels; value?: number };

function labelsOf(options: RecordOptions | undefined): Labels | undefined {
  const labels = options?.labels;
  return labels === ALL.labels ? undefined : labels;
}

/** Options of a record, beside the metric's name and the value. */
export interface RecordOptions {
  labels?: Labels;
}

/**
 * Records by the metric's name. The first record creates the metric, with default options, if there is none. Never
 * throws: an invalid name, or the name of a metric of another type, is refused and counted like an invalid value.
 */
export class NamedRecords {
  private readonly counters = new Map<string, Counter>();
  private readonly gauges = new Map<string, Gauge>();
  private readonly histograms = new Map<string, Histogram>();
  private readonly summaries = new Map<string, Summary>();

  constructor(
    private readonly instruments: Instruments,
    private readonly recorder: Recorder,
  ) {}

  counter(name: string, options: (RecordOptions & { value?: number }) | undefined): void {
    try {
      const metric = this.counters.get(name) ?? this.learn(this.counters, 'counter', name);
      const value = options?.value;
      metric.increment(value === ALL.value ? undefined : value, labelsOf(options));
    } catch (error) {
      this.refuse(name, error);
    }
  }

  gauge(name: string, value: number, options: RecordOptions | undefined): void {
    try {
      const metric = this.gauges.get(name) ?? this.learn(this.gauges, 'gauge', name);
      metric.set(value, labelsOf(options));
    } catch (error) {
      this.refuse(name, error);
    }
  }

  histogram(name: string, value: number, options: RecordOptions | undefined): void {
    try {
      const metric = this.histograms.get(name) ?? this.learn(this.histograms, 'histogram', name);
      metric.observe(value, labelsOf(options));
    } catch (error) {
      this.refuse(name, error);
    }
  }

  summary(name: string, value: number, options: RecordOptions | undefined): void {
    try {
      const metric = this.summaries.get(name) ?? this.learn(this.summaries, 'summary', name);
      metric.observe(value, labelsOf(options));
    } catch (error) {
      this.refuse(name, error);
    }
  }

  /** Counts a refused name. All invalid names share one warning, since there may be any number of them. */
  private refuse(name: unknown, error: unknown): void {
    const isConflict = error instanceof RingmeterError && error.code === 'RINGMETER_METRIC_CONFLICT';
    this.recorder.refuse(messageOf(error), isConflict ? `${name} conflict` : 'name');
  }

  private learn<M>(known: Map<string, M>, type: MetricType, name: string): M {
    const metric = this.instruments.get(type, name, undefined) as M;
    known.set(name, metric);
    return metric;
  }
}
