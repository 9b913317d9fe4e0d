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

  counter(name: string, value: number | undefined, labels: Labels | undefined): void {
    const metric = this.counters.get(name) ?? this.learn(this.counters, 'counter', name);
    metric?.increment(value, labels);
  }

  gauge(name: string, value: number, labels: Labels | undefined): void {
    const metric = this.gauges.get(name) ?? this.learn(this.gauges, 'gauge', name);
    metric?.set(value, labels);
  }

  histogram(name: string, value: number, labels: Labels | undefined): void {
    const metric = this.histograms.get(name) ?? this.learn(this.histograms, 'histogram', name);
    metric?.observe(value, labels);
  }

  summary(name: string, value: number, labels: Labels | undefined): void {
    const metric = this.summaries.get(name) ?? this.learn(this.summaries, 'summary', name);
    metric?.observe(value, labels);
  }

  private learn<M>(known: Map<string, M>, type: MetricType, name: string): M | undefined {
    try {
      const metric = this.instruments.get(type, name, undefined) as M;
      known.set(name, metric);
      return metric;
    } catch (error) {
      this.recorder.refuse(messageOf(error));
      return undefined;
    }
  }
}
