import { OPERATION, OPERATION_SHIFT } from '../arena/layout';
import { VALUE_COLUMN } from '../kinds/counter';
import type { RegisteredSeries } from '../registry/register';
import { BoundSeries, type MetricContext } from './bound-series';
import type { Labels } from './labels';
import { Metric } from './metric';
import type { Observe, Observed } from './observed';
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

  /**
   * Calls `observe` before every snapshot, on this thread: it returns a total that is counted elsewhere. See
   * `Counter.collect`.
   *
   * @returns a function that unregisters the callback
   */
  collect(observe: Observe<number>): () => void {
    const growth = new Growth();
    return this.metric.collectTime.add(
      { metric: this.name, take: (total) => this.increment(growth.to(total)) },
      observe,
    );
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
   * Adds `value`, a finite number >= 0, to the series of `labels`, or to the one without labels. Invalid values and
   * labels are refused and counted; this never throws.
   */
  increment(value = 1, labels?: Labels<Name>): void {
    const code = this.index.code(this.find(labels));
    if (code !== 0 && isIncrement(value)) this.recorder.record(code, 0, value);
    else this.learn(labels, value)?.increment(value);
  }

  /** Short for `increment`. */
  inc(value = 1, labels?: Labels<Name>): void {
    this.increment(value, labels);
  }

  /**
   * For a total that is counted elsewhere: calls `observe` before every snapshot, on this thread, and adds the increase
   * of the total since the last call. `observe` returns a number, or `{ labels, value }` for each series, or a promise
   * of either. A total lower than before counts as restarted from 0. A series whose label set is not returned any more
   * is removed, unless other threads have callbacks too, which may share it. Failures, deadlines: see `Gauge.collect`.
   *
   * @returns a function that unregisters the callback
   */
  collect(observe: Observe<Observed<Name>>): () => void {
    // by label set, not by series: the overflow series is shared, and the memory of a series may be reused
    const growths = new Map<string, Growth>();
    const growthOf = (key = ''): Growth => {
      const known = growths.get(key) ?? new Growth();
      growths.set(key, known);
      return known;
    };
    const { name, context } = this;
    return context.collectTime.add(
      {
        metric: name,
        take: (total, labels, key) => {
          // a refused label set gets no entry in `growths`
          if (this.index.code(this.find(labels)) === 0) this.learn(labels, total)?.increment(growthOf(key).to(total));
          else this.increment(growthOf(key).to(total), labels as Labels<Name>);
        },
        drop: (sets) => {
          if (context.collectTime.hasRivals) return false;
          this.drop(sets.values());
          for (const key of sets.keys()) growths.delete(key);
          return true;
        },
      },
      observe,
    );
  }

  /** The present value of the series of `labels`, or of the one without labels, over all threads. */
  getValue(labels?: Labels<Name>): number {
    return this.read(labels).getValue();
  }
}

/** Computes the increase of a total since its last value. */
class Growth {
  private last = 0;

  to(total: number): number {
    // the counter refuses an invalid total; it is not remembered here
    if (!isIncrement(total)) return total;
    const { last } = this;
    this.last = total;
    return total < last ? total : total - last;
  }
}
