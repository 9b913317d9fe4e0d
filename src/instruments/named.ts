import type { MetricType } from '../aggregate/cells';
import { messageOf } from '../errors';
import type { Counter } from './counter';
import type { Gauge } from './gauge';
import type { Histogram } from './histogram';
import type { Instruments } from './instruments';
import type { Labels } from './labels';
import type { Recorder } from './recorder';
import type { Summary } from './summary';

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
      metric.increment(options?.value, options?.labels);
    } catch (error) {
      this.recorder.refuse(messageOf(error));
    }
  }

  gauge(name: string, value: number, options: RecordOptions | undefined): void {
    try {
      const metric = this.gauges.get(name) ?? this.learn(this.gauges, 'gauge', name);
      metric.set(value, options?.labels);
    } catch (error) {
      this.recorder.refuse(messageOf(error));
    }
  }

  histogram(name: string, value: number, options: RecordOptions | undefined): void {
    try {
      const metric = this.histograms.get(name) ?? this.learn(this.histograms, 'histogram', name);
      metric.observe(value, options?.labels);
    } catch (error) {
      this.recorder.refuse(messageOf(error));
    }
  }

  summary(name: string, value: number, options: RecordOptions | undefined): void {
    try {
      const metric = this.summaries.get(name) ?? this.learn(this.summaries, 'summary', name);
      metric.observe(value, options?.labels);
    } catch (error) {
      this.recorder.refuse(messageOf(error));
    }
  }

  private learn<M>(known: Map<string, M>, type: MetricType, name: string): M {
    const metric = this.instruments.get(type, name, undefined) as M;
    known.set(name, metric);
    return metric;
  }
}
