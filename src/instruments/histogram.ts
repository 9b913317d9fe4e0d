import { OPERATION } from '../arena/layout';
import { checkQuantile } from '../common/options-check';
import { HISTOGRAM_COLUMNS } from '../kinds/histogram-cells';
import { type HistogramValue, histogramQuantile, toHistogramValue } from '../kinds/histogram-value';
import type { RegisteredSeries } from '../registry/register';
import type { MetricContext } from './bound-series';
import type { Labels } from './labels';
import { BoundObserver, Observer } from './observer';

/** One series of a histogram. */
export class BoundHistogram extends BoundObserver {
  constructor(metric: MetricContext, series: RegisteredSeries) {
    super(metric, series, OPERATION.OBSERVE);
  }

  /** Count, sum and cumulative buckets over all threads. */
  getValue(): HistogramValue {
    return toHistogramValue(this.columns(), 0, this.metric.definition.buckets);
  }

  /**
   * The value below which the given share of the observations lies, 0 to 1, interpolated within its bucket as Prometheus
   * does. NaN without observations.
   *
   * @throws RingmeterError RINGMETER_INVALID_OPTION if it is not a number from 0 to 1
   */
  getQuantile(quantile: number): number {
    return histogramQuantile(
      checkQuantile(quantile),
      this.metric.definition.buckets,
      this.columns().subarray(HISTOGRAM_COLUMNS.COUNTS),
    );
  }
}

/** Observations counted in buckets with fixed bounds. */
export class Histogram<Name extends string = string> extends Observer<Name, BoundHistogram> {
  protected bind(series: RegisteredSeries): BoundHistogram {
    return new BoundHistogram(this.context, series);
  }

  /** Count, sum and cumulative buckets of the series of `labels`, or of the one without labels, over all threads. */
  getValue(labels?: Labels<Name>): HistogramValue {
    return this.read(labels).getValue();
  }

  /** A quantile, 0 to 1, estimated from the buckets as Prometheus does. NaN without observations. Throws as that of a series. */
  getQuantile(quantile: number, labels?: Labels<Name>): number {
    return this.read(labels).getQuantile(quantile);
  }
}
