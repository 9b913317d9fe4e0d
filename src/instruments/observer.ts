import { OPERATION_SHIFT } from '../arena/layout';
import type { RegisteredSeries } from '../registry/register';
import { BoundSeries, type MetricContext } from './bound-series';
import type { Labels } from './labels';
import { Metric, together } from './metric';
import { stopwatch, timed } from './timing';
import { isFiniteNumber } from './values';

/** Common base of the series of histograms and summaries, which observe values, usually durations. */
export abstract class BoundObserver extends BoundSeries {
  get epoch(): number {
    return 0;
  }

  constructor(metric: MetricContext, series: RegisteredSeries, operation: number) {
    super(metric, (operation << OPERATION_SHIFT) | series.id, series.record);
  }

  /** Records one value, a finite number. Anything else is refused and counted; this never throws. */
  observe(value: number): void {
    if (isFiniteNumber(value)) this.recorder.record(this.code, this.metric.family, value);
    else this.refuse(value);
  }

  /** Starts a stopwatch. The returned function observes the seconds since then and returns them. */
  startTimer(): () => number {
    const elapsed = stopwatch();
    return () => {
      const seconds = elapsed();
      this.observe(seconds);
      return seconds;
    };
  }

  /** Runs `fn`, sync or async, and observes the seconds it took, also when it fails. Returns what `fn` returned. */
  time<T>(fn: () => T): T {
    return timed(fn, (seconds) => this.observe(seconds));
  }

  /** This series' columns, over all threads. */
  protected columns(): Float64Array {
    return this.metric.reading.read(this, this.metric.definition);
  }
}

/** Common base of histograms and summaries. */
export abstract class Observer<Name extends string, S extends BoundObserver> extends Metric<S, Name> {
  /**
   * The series of a label set; keep it, since resolving costs more than recording.
   *
   * @throws RingmeterError RINGMETER_INVALID_LABELS if the set does not fit the metric
   */
  labels(labels: Labels<Name>): S {
    return this.bound(labels);
  }

  /** Records one value, a finite number, in the series of `labels`, or in the one without labels. Never throws. */
  observe(value: number, labels?: Labels<Name>): void {
    const code = this.index.code(this.find(labels));
    if (code !== 0 && isFiniteNumber(value)) this.recorder.record(code, this.context.family, value);
    else this.learn(labels, value)?.observe(value);
  }

  /**
   * Starts a stopwatch. The returned function observes the seconds since then and returns them; it takes further labels
   * that are known only at the end. Never throws.
   */
  startTimer(labels?: Partial<Labels<Name>>): (labels?: Partial<Labels<Name>>) => number {
    const elapsed = stopwatch();
    return (late) => {
      const seconds = elapsed();
      this.observeIn(labels, late, seconds);
      return seconds;
    };
  }

  /** Runs `fn`, sync or async, and observes the seconds it took, also when it fails. Returns what `fn` returned. */
  time<T>(fn: () => T, labels?: Labels<Name>): T {
    return timed(fn, (seconds) => this.observe(seconds, labels));
  }

  private observeIn(
    early: Partial<Labels<Name>> | undefined,
    late: Partial<Labels<Name>> | undefined,
    value: number,
  ): void {
    try {
      this.observe(value, together(early, late) as Labels<Name> | undefined);
    } catch {
      this.refuseLabels('reading the labels threw');
    }
  }

  protected accepts(value: unknown): boolean {
    return isFiniteNumber(value);
  }
}
