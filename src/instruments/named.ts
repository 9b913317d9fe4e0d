import { messageOf, RingmeterError } from '../common/errors';
import type { MetricType } from '../kinds/definition';
import type { Counter } from './counter';
import type { Gauge } from './gauge';
import type { Histogram } from './histogram';
import type { Instruments } from './instruments';
import type { Labels } from './labels';
import type { Recorder } from './recorder';
import type { Summary } from './summary';

/** What all objects have is not said of this record; comparing with it costs nothing, as asking for own properties does. */
const ALL = Object.prototype as { labels?: Labels; value?: number };

function labelsOf(options: RecordOptions | undefined): Labels | undefined {
  const labels = options?.labels;
  return labels === ALL.labels ? undefined : labels;
}

/** What may be said of a record beside the metric's name and the value. */
export interface RecordOptions {
  labels?: Labels;
}

/**
 * Records by the metric's name: it is made at the first record if there is none, with default options. Never throws: a
 * name that cannot be one, or is that of another type of metric, is refused and counted like a bad value.
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

  /** A name that is none may be anything: those are warned about together. */
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
