import { markInFlight } from '../arena/in-flight';
import { OPERATION, OPERATION_SHIFT } from '../arena/layout';
import { VALUE_COLUMN } from '../kinds/counter';
import type { RegisteredSeries } from '../registry/register';
import { BoundSeries, type MetricContext } from './bound-series';
import type { EventStart } from './label-index';
import type { Labels } from './labels';
import { Metric } from './metric';
import type { Observe, Observed } from './observed';
import { isFiniteNumber } from './values';

/** XOR mask that turns the code of a gauge's `set` events into that of its additions. */
const SET_TO_ADD = (OPERATION.GAUGE_SET ^ OPERATION.GAUGE_ADD) << OPERATION_SHIFT;

/** One series of a gauge. The last `set` of any thread wins; additions of all threads since then count. */
export class BoundGauge extends BoundSeries {
  /** Int32Array index of the gauge's epoch, which all threads share. */
  readonly epoch: number;

  constructor(metric: MetricContext, series: RegisteredSeries) {
    super(metric, (OPERATION.GAUGE_SET << OPERATION_SHIFT) | series.id, series.record);
    this.epoch = series.epoch;
  }

  /** @internal Marks the series as counting work in flight: it ends with its thread, but not with a reset. */
  countInFlight(): this {
    markInFlight(this.recorder.arena, this.record);
    return this;
  }

  /** Sets the value, any finite number. Anything else is refused and counted; this never throws. */
  set(value: number): void {
    const { recorder } = this;
    if (isFiniteNumber(value)) recorder.recordInNewEpoch(this.code, this.epoch, value);
    else this.refuse(value);
  }

  /** Adds `value`, any finite number. */
  increment(value = 1): void {
    const { recorder } = this;
    if (isFiniteNumber(value)) recorder.record(this.code ^ SET_TO_ADD, recorder.epoch(this.epoch), value);
    else this.refuse(value);
  }

  /** Subtracts `value`, any finite number. */
  decrement(value = 1): void {
    const { recorder } = this;
    if (isFiniteNumber(value)) recorder.record(this.code ^ SET_TO_ADD, recorder.epoch(this.epoch), -value);
    else this.refuse(value);
  }

  /** Short for `increment`. */
  inc(value = 1): void {
    this.increment(value);
  }

  /** Short for `decrement`. */
  dec(value = 1): void {
    this.decrement(value);
  }

  /**
   * Calls `observe` before every snapshot, on this thread, and sets the gauge to its result. See `Gauge.collect`.
   *
   * @returns a function that unregisters the callback
   */
  collect(observe: Observe<number>): () => void {
    return this.metric.collectTime.add({ metric: this.name, take: (value) => this.set(value) }, observe);
  }

  /** The present value over all threads, with everything this thread has recorded. */
  getValue(): number {
    return this.metric.reading.read(this, this.metric.definition)[VALUE_COLUMN];
  }
}

/** A value that goes up and down. */
export class Gauge<Name extends string = string> extends Metric<BoundGauge, Name> {
  private isInFlight = false;

  protected bind(series: RegisteredSeries): BoundGauge {
    const bound = new BoundGauge(this.context, series);
    return this.isInFlight ? bound.countInFlight() : bound;
  }

  /** @internal Marks all series as counting work in flight: see `BoundGauge.countInFlight`. */
  countInFlight(): this {
    this.isInFlight = true;
    return this;
  }

  /**
   * @internal Counts a call that begins.
   *
   * @returns the series from which to subtract the call when it ends; undefined if the labels are invalid
   */
  began(labels: Labels<Name> | undefined): EventStart | undefined {
    const set = this.find(labels);
    const code = this.index.code(set);
    const series = code === 0 ? this.learn(labels, 1) : { code, epoch: this.index.epoch(set) };
    if (series !== undefined) this.addTo(series, 1);
    return series;
  }

  /** @internal Subtracts a call from the series that counted it: by now, its labels may resolve to another series. */
  ended(series: EventStart): void {
    this.addTo(series, -1);
  }

  private addTo({ code, epoch }: EventStart, value: number): void {
    this.recorder.record(code ^ SET_TO_ADD, this.recorder.epoch(epoch), value);
  }

  protected accepts(value: unknown): boolean {
    return isFiniteNumber(value);
  }

  /**
   * The series of a label set; keep it, since resolving costs more than recording.
   *
   * @throws RingmeterError RINGMETER_INVALID_LABELS if the set does not fit the metric
   */
  labels(labels: Labels<Name>): BoundGauge {
    return this.bound(labels);
  }

  /** Sets the series of `labels`, or the one without labels, to a finite number. Never throws. */
  set(value: number, labels?: Labels<Name>): void {
    const set = this.find(labels);
    const code = this.index.code(set);
    if (code !== 0 && isFiniteNumber(value)) this.recorder.recordInNewEpoch(code, this.index.epoch(set), value);
    else this.learn(labels, value)?.set(value);
  }

  /** Adds a finite number. Never throws. */
  increment(value = 1, labels?: Labels<Name>): void {
    this.add(value, 1, labels);
  }

  /** Subtracts a finite number. Never throws. */
  decrement(value = 1, labels?: Labels<Name>): void {
    this.add(value, -1, labels);
  }

  private add(value: number, sign: 1 | -1, labels: Labels<Name> | undefined): void {
    const { recorder } = this;
    const set = this.find(labels);
    const code = this.index.code(set);
    if (code !== 0 && isFiniteNumber(value))
      recorder.record(code ^ SET_TO_ADD, recorder.epoch(this.index.epoch(set)), sign * value);
    else if (sign === 1) this.learn(labels, value)?.increment(value);
    else this.learn(labels, value)?.decrement(value);
  }

  /** Short for `increment`. */
  inc(value = 1, labels?: Labels<Name>): void {
    this.add(value, 1, labels);
  }

  /** Short for `decrement`. */
  dec(value = 1, labels?: Labels<Name>): void {
    this.add(value, -1, labels);
  }

  /**
   * For a value that exists elsewhere: calls `observe` before every snapshot, on this thread, and sets its result: a
   * number, or `{ labels, value }` for each series, or a promise of either. A series whose label set is not returned
   * any more is removed. If `observe` fails, or has not answered within the collector's `collectTimeout`, the last
   * values stand, and `ringmeter_collect_last_success_timestamp_seconds` tells their time.
   *
   * @returns a function that unregisters the callback; the series stay with their last values
   */
  collect(observe: Observe<Observed<Name>>): () => void {
    const { name } = this;
    return this.context.collectTime.add(
      {
        metric: name,
        take: (value, labels) => this.set(value, labels as Labels<Name>),
        drop: (sets) => {
          this.drop(sets.values());
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
