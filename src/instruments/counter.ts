import { VALUE_COLUMN } from '../aggregate/columns';
import type { RegisteredSeries } from '../aggregate/register';
import { OPERATION, OPERATION_SHIFT } from '../arena/layout';
import { BoundSeries, type MetricContext } from './bound-series';
import type { Labels } from './labels';
import { Metric } from './metric';
import { isIncrement } from './values';

/** One series of a counter. Resolve it once with `labels()` and keep it: a record then costs a few nanoseconds. */
export class BoundCounter extends BoundSeries {
  get epoch(): number {
    return 0;
  }

  constructor(metric: MetricContext, series: RegisteredSeries) {
    super(metric, (OPERATION.COUNTER_ADD << OPERATION_SHIFT) | series.id, series.record);
  }

  /** Adds `value`, a finite number >= 0. Anything else is refused and counted; this never throws. */
  increment(value = 1): void {
    if (isIncrement(value)) this.recorder.record(this.code, 0, value);
    else this.refuse(value);
  }

  /** Short for `increment`. */
  inc(value = 1): void {
    this.increment(value);
  }

  /** The sum over all threads, with everything this thread has recorded. */
  getValue(): number {
    return this.metric.reading.read(this, this.metric.definition)[VALUE_COLUMN];
  }
}

/** A value that only grows, and is added up over all threads. */
export class Counter<Name extends string = string> extends Metric<BoundCounter, Name> {
  protected bind(series: RegisteredSeries): BoundCounter {
    return new BoundCounter(this.context, series);
  }

  protected accepts(value: unknown): boolean {
    return isIncrement(value);
  }

  /**
   * The series of a label set; keep it, since resolving costs more than recording.
   *
   * @throws RingmeterError RINGMETER_INVALID_LABELS if the set does not fit the metric
   */
  labels(labels: Labels<Name>): BoundCounter {
    return this.bound(labels);
  }

  /**
   * Adds `value`, a finite number >= 0, to the series of `labels`, or to the one without labels. What cannot be used is
   * refused and counted; this never throws.
   */
  increment(value = 1, labels?: Labels<Name>): void {
    this.target(labels, value)?.increment(value);
  }

  /** Short for `increment`. */
  inc(value = 1, labels?: Labels<Name>): void {
    this.increment(value, labels);
  }

  /** The present value of the series of `labels`, or of the one without labels, over all threads. */
  getValue(labels?: Labels<Name>): number {
    return this.read(labels).getValue();
  }
}
