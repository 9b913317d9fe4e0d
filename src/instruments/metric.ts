import type { Definition, LabelPairs } from '../aggregate/definition';
import { type LabelEntries, toPairs } from '../aggregate/label-pairs';
import { type RegisteredSeries, registerSeries } from '../aggregate/register';
import { SERIES_MASK } from '../arena/layout';
import { RingmeterError } from '../errors';
import { warnOnce } from '../warning';
import { reservedLabel } from './definitions';
import { copyLabels, LabelIndex, type LabelRules } from './labels';
import type { SeriesReading } from './reading';
import type { Recorder } from './recorder';
import type { SeriesSet } from './series-set';

/** What every metric of a collector works with. */
export interface Instrumentation {
  readonly recorder: Recorder;
  readonly reading: SeriesReading;
  /** Most series of one metric. */
  readonly cardinalityLimit: number;
  /** Labels that every series gets, unless it has one of that name itself. */
  readonly defaultLabels: LabelPairs;
  /** Series that a label set was resolved to on this thread. */
  readonly resolved: SeriesSet;
}

/**
 * One series of one metric, bound to the thread that asked for it. Resolve it once and keep it.
 *
 * It has few fields, so that with very many series, each of which has to come from memory when it is used, a record
 * fetches one cache line.
 */
export abstract class BoundSeries {
  protected readonly recorder: Recorder;

  constructor(
    protected readonly metric: MetricContext,
    /** First half-word of the series' events. */
    protected readonly code: number,
  ) {
    this.recorder = metric.recorder;
  }

  /** Number of the series in the arena; 0 if there was no room for it. */
  get id(): number {
    return this.code & SERIES_MASK;
  }

  /** Int32Array index of the shared epoch; 0 but for gauges. */
  abstract readonly epoch: number;

  /** Name of the metric. */
  get name(): string {
    return this.metric.definition.name;
  }

  /** Counts a value that cannot be recorded, and warns about the first. */
  protected refuse(value: unknown): void {
    refuseValue(this.metric, value);
  }
}

/** What the series of a metric share. */
export interface MetricContext extends Instrumentation {
  readonly definition: Definition;
  /** Pointer to the family's record. */
  readonly family: number;
}

function refuseValue({ recorder, definition: { name, type } }: MetricContext, value: unknown): void {
  const wanted = type === 'counter' ? 'finite numbers >= 0' : 'finite numbers';
  recorder.refuse(`${name} takes ${wanted}, got ${typeof value === 'number' ? value : typeof value}`);
}

type LabelObject = Readonly<Record<string, unknown>>;

const NO_LABELS: LabelObject = Object.freeze({});
/** What all label sets beyond the limit share. */
const OVERFLOW_LABELS: LabelEntries = [['ringmeter_overflow', 'true']];

/**
 * A metric on one thread: finds the bound series of label sets. `S` is its kind of bound series.
 *
 * A label set is remembered when it is resolved for the second time: one that was resolved once for good, or is never
 * seen again, costs this thread's heap nothing.
 */
export abstract class Metric<S extends BoundSeries> {
  private readonly index = new LabelIndex<S>();
  private readonly rules: LabelRules;
  /** The series without labels. */
  private unlabelled: S | undefined;
  /** The series of all label sets beyond the limit, or without memory. */
  private overflow: S | undefined;

  constructor(protected readonly context: MetricContext) {
    const { definition } = context;
    this.rules = { names: definition.labelNames, reserved: reservedLabel(definition.type) };
  }

  protected abstract bind(series: RegisteredSeries): S;

  /** Whether a value can be recorded. */
  protected abstract accepts(value: unknown): boolean;

  get name(): string {
    return this.context.definition.name;
  }

  get description(): string {
    return this.context.definition.description;
  }

  get type(): Definition['type'] {
    return this.context.definition.type;
  }

  /** The series that a read is about. Throws as `bound` does. */
  protected read(labels: LabelObject | undefined): S {
    return labels === undefined ? (this.unlabelled ?? this.bound(NO_LABELS)) : this.bound(labels);
  }

  /**
   * The series of a label set, for good.
   *
   * @throws RingmeterError RINGMETER_INVALID_LABELS and the codes of bad label names
   */
  protected bound(labels: unknown): S {
    return this.index.find(labels as LabelObject) ?? this.enter(copyLabels(labels, this.rules));
  }

  /** The series that a record goes to; undefined, and counted, if its labels, or also its value, cannot be used. */
  protected target(labels: LabelObject | undefined, value: unknown): S | undefined {
    if (labels === undefined) return this.unlabelled ?? this.learn(NO_LABELS, value);
    try {
      return this.index.find(labels) ?? this.learn(labels, value);
    } catch (error) {
      return this.refuseLabels(error);
    }
  }

  /** A value that cannot be recorded does not make a series. */
  private learn(labels: LabelObject, value: unknown): S | undefined {
    try {
      const entries = copyLabels(labels, this.rules);
      if (this.accepts(value)) return this.enter(entries);
      refuseValue(this.context, value);
    } catch (error) {
      this.refuseLabels(error);
    }
    return undefined;
  }

  /** What was thrown may come from a getter of the caller's: only our own errors are safe to look into. */
  private refuseLabels(error: unknown): undefined {
    const reason = error instanceof RingmeterError ? error.message : 'reading the labels threw';
    this.context.recorder.refuse(`${this.name}: ${reason}`);
  }

  private enter(entries: LabelEntries): S {
    const { recorder, cardinalityLimit, defaultLabels, definition, family, resolved } = this.context;
    const { series, own } = registerSeries(recorder.arena, family, definition, {
      labels: toPairs(entries, defaultLabels),
      limit: cardinalityLimit,
      beyond: () => toPairs(OVERFLOW_LABELS, defaultLabels),
    });
    // a label set beyond the limit is not remembered: what grows without bound must not fill this thread's heap either
    if (!own) return this.shared(series);
    const bound = this.bind(series);
    if (entries.length === 0) this.unlabelled ??= bound;
    else if (!resolved.add(series.id)) this.index.insert(entries, bound);
    return bound;
  }

  /** The series that all those share which have no room of their own. */
  private shared(series: RegisteredSeries): S {
    if (series.id === 0)
      warnOnce('RINGMETER_OUT_OF_MEMORY', `no memory for another series of ${this.name}: its records are dropped`);
    else
      warnOnce(
        'RINGMETER_CARDINALITY',
        `${this.name} has ${this.context.cardinalityLimit} series: further label sets go to its overflow series`,
      );
    if (this.overflow?.id !== series.id) this.overflow = this.bind(series);
    return this.overflow;
  }
}
