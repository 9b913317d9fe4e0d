import { hasProperty } from '../common/own-properties';
import type { MetricType } from '../kinds/definition';
import type { Instrumentation, MetricContext } from './bound-series';
import { Counter } from './counter';
import { define, type MetricOptions, resolveDefinition } from './definitions';
import { Gauge } from './gauge';
import { Histogram } from './histogram';
import type { Labels } from './labels';
import { Summary } from './summary';

type AnyMetric = Counter | Gauge | Histogram | Summary;

const kinds: { [T in MetricType]: new (context: MetricContext) => AnyMetric } = {
  counter: Counter,
  gauge: Gauge,
  histogram: Histogram,
  summary: Summary,
};

/** The metrics of one collector on one thread, by name: the same name always gives the same object. */
export class Instruments {
  private readonly metrics = new Map<string, AnyMetric>();

  constructor(private readonly instrumentation: Instrumentation) {
    instrumentation.recorder.forget = () => {
      for (const metric of this.metrics.values()) metric.forgetMortal();
    };
  }

  /**
   * Get-or-create. With `labels` among the options, the bound series instead of the metric.
   *
   * @throws RingmeterError with the code that says what is wrong with the definition
   */
  get(type: MetricType, name: string, options: MetricOptions | undefined): unknown {
    const metric = this.metric(type, name, options);
    const labels = options && hasProperty(options, 'labels') ? options.labels : undefined;
    return labels === undefined ? metric : metric.labels(labels as Labels);
  }

  /** Clears the caches of resolved label sets, since all series have been removed. */
  forget(): void {
    for (const metric of this.metrics.values()) metric.forget();
  }

  private metric(type: MetricType, name: string, options: MetricOptions | undefined): AnyMetric {
    const known = this.metrics.get(name);
    if (known !== undefined && options === undefined && known.type === type) return known;
    const { arena } = this.instrumentation.recorder;
    const { family, definition } = define(arena, resolveDefinition(type, name, options), options);
    if (known !== undefined) return known;
    const { cardinalityLimit = this.instrumentation.cardinalityLimit } = definition;
    const metric = new kinds[type]({ ...this.instrumentation, cardinalityLimit, definition, family });
    this.metrics.set(name, metric);
    return metric;
  }
}
