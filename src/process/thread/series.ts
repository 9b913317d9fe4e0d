import { RingmeterError } from '../../common/errors';
import type { BoundCounter } from '../../instruments/counter';
import type { HistogramOptions } from '../../instruments/definitions';
import type { BoundGauge } from '../../instruments/gauge';
import type { BoundHistogram } from '../../instruments/histogram';
import type { Instruments } from '../../instruments/instruments';
import type { MetricType } from '../../kinds/definition';
import type { DefaultMetrics } from '../options';

type Own = Readonly<Record<string, string>>;

/** A function that runs at every sampling of a thread. */
export interface Probe {
  sample(): void;
  stop?(): void;
}

/**
 * One thread's series of the default metrics, all with the thread's labels. Skips metrics that the user has defined
 * differently, and series for which there is no memory.
 */
export class ThreadSeries {
  private readonly labels: Own;

  /** @param thread the value of the label `thread`; undefined for the thread that made the collector */
  constructor(
    private readonly instruments: Instruments,
    readonly options: DefaultMetrics,
    thread: string | undefined,
  ) {
    this.labels = thread === undefined ? options.labels : { ...options.labels, thread };
  }

  /** Returns a setter of the thread's series of a gauge; the series is registered at the first call of the setter. */
  gauge(name: string, description: string): (value: number) => void {
    const set = this.gaugeBy(name, description, '');
    return (value) => set(value, '');
  }

  /** The same for a gauge with a series per value of the label `label`. */
  gaugeBy(name: string, description: string, label: string): (value: number, kind: string) => void {
    const series = new Map<string, BoundGauge | undefined>();
    return (value, kind) => {
      if (!series.has(kind)) {
        const labels = label === '' ? this.labels : { ...this.labels, [label]: kind };
        series.set(kind, this.open('gauge', this.options.prefix + name, { description, labels }));
      }
      series.get(kind)?.set(value);
    };
  }

  /** The series of a histogram that has the labels `own` beside the thread's. */
  histogram(name: string, own: Own, options: HistogramOptions): BoundHistogram | undefined {
    const labels = { ...this.labels, ...own };
    return this.open('histogram', this.options.prefix + name, { ...options, labels });
  }

  /** A counter of the library's own, whose name has no prefix. */
  counter(name: string, description: string): BoundCounter | undefined {
    return this.open('counter', name, { description, labels: this.labels });
  }

  private open<T>(type: MetricType, name: string, options: HistogramOptions): T | undefined {
    try {
      return this.instruments.get(type, name, options) as T;
    } catch (error) {
      if (error instanceof RingmeterError) return undefined;
      throw error;
    }
  }
}
