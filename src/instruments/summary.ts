import { OPERATION } from '../arena/layout';
import { checkQuantile } from '../common/options-check';
import { SUMMARY_COLUMNS } from '../kinds/summary-cells';
import type { RegisteredSeries } from '../registry/register';
import type { MetricContext } from './bound-series';
import type { Labels } from './labels';
import { BoundObserver, Observer } from './observer';

/** What a summary's window holds now. `mean` and everything after it is NaN while it is empty. */
export interface SummaryStatistics {
  count: number;
  sum: number;
  mean: number;
  min: number;
  max: number;
  p50: number;
  p90: number;
  p95: number;
  p99: number;
}

/** One series of a summary. */
export class BoundSummary extends BoundObserver {
  constructor(metric: MetricContext, series: RegisteredSeries) {
    super(metric, series, OPERATION.SUMMARIZE);
  }

  /** Statistics of the window, over all threads. Quantiles are within 1 %. */
  getStatistics(): SummaryStatistics {
    const columns = this.columnsWith([0.5, 0.9, 0.95, 0.99]);
    const count = columns[SUMMARY_COLUMNS.WINDOW_COUNT];
    const sum = columns[SUMMARY_COLUMNS.WINDOW_SUM];
    const [p50, p90, p95, p99] = columns.subarray(SUMMARY_COLUMNS.QUANTILES);
    const [min, max] = columns.subarray(SUMMARY_COLUMNS.MIN);
    return { count, sum, mean: sum / count, min, max, p50, p90, p95, p99 };
  }

  /**
   * A quantile, 0 to 1, of the window's values: the nearest rank, within 1 %. NaN for an empty window.
   *
   * @throws RingmeterError RINGMETER_INVALID_OPTION if it is not a number from 0 to 1
   */
  getQuantile(quantile: number): number {
    return this.columnsWith([checkQuantile(quantile)])[SUMMARY_COLUMNS.QUANTILES];
  }

  private columnsWith(quantiles: number[]): Float64Array {
    return this.metric.reading.read(this, { ...this.metric.definition, quantiles });
  }
}

/** Quantiles of the newest observations, within 1 % of their value. */
export class Summary<Name extends string = string> extends Observer<Name, BoundSummary> {
  protected bind(series: RegisteredSeries): BoundSummary {
    return new BoundSummary(this.context, series);
  }

  /** Statistics of the window of the series of `labels`, or of the one without labels, over all threads. */
  getStatistics(labels?: Labels<Name>): SummaryStatistics {
    return this.read(labels).getStatistics();
  }

  /** A quantile, 0 to 1, of the window's values. NaN for an empty window. Throws as that of a series. */
  getQuantile(quantile: number, labels?: Labels<Name>): number {
    return this.read(labels).getQuantile(quantile);
  }
}
