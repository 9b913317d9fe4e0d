import type { Definition, LabelPairs } from '../aggregate/definition';
import { type RegisteredSeries, registerSeries } from '../aggregate/register';
import { SERIES_MASK } from '../arena/layout';
import { reservedLabel } from './definitions';
import { copyLabels, type LabelEntries, LabelIndex, type LabelRules, toPairs } from './labels';
import type { SeriesReading } from './reading';
import type { Recorder } from './recorder';
import { warnOnce } from './warnings';

/** What every metric of a collector works with. */
export interface Instrumentation {
  readonly recorder: Recorder;
  readonly reading: SeriesReading;
  /** Most series of one metric. */
  readonly cardinalityLimit: number;
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

  /** Name of the metric. */
  get name(): string {
    return this.metric.definition.name;
  }

  /** Whether a value can be recorded: anything else is refused, counted, and warned about once. */
  protected refuse(value: unknown): void {
    this.recorder.refuse(
      `${this.name} takes ${this.metric.definition.type === 'counter' ? 'finite numbers >= 0' : 'finite numbers'}, got ${typeof value === 'number' ? value : typeof value}`,
    );
  }
}

/** What the series of a metric share. */
export interface MetricContext extends Instrumentation {
  readonly definition: Definition;
  /** Pointer to the family's record. */
  readonly family: number;
}

/** A metric on one thread: finds the bound series of label sets. `S` is its kind of bound series. */
export abstract class Metric<S extends BoundSeries> {
  private readonly index = new LabelIndex<S>();
  private readonly rules: LabelRules;
  private own: S | undefined;
  /** The series of all label sets beyond the limit, or without memory. */
  private overflow: S | undefined;

  constructor(protected readonly context: MetricContext) {
    const { definition } = context;
    this.rules = { names: definition.labelNames, reserved: reservedLabel(definition.type) };
  }

  protected abstract bind(series: RegisteredSeries): S;

  get name(): string {
    return this.context.definition.name;
  }

  get description(): string {
    return this.context.definition.description;
  }

  get type(): Definition['type'] {
    return this.context.definition.type;
  }

  /** The series without labels. */
  protected unlabelled(): S {
    this.own ??= this.resolve([]).series;
    return this.own;
  }

  /**
   * The series of a label set, for good.
   *
   * @throws RingmeterError RINGMETER_INVALID_LABELS and the codes of bad label names
   */
  protected bound(labels: unknown): S {
    return this.index.find(labels as Readonly<Record<string, unknown>>) ?? this.enter(copyLabels(labels, this.rules));
  }

  /** The series of a label set given with a record; undefined, and counted, if the labels cannot be used. */
  protected lookUp(labels: Readonly<Record<string, unknown>>): S | undefined {
    try {
      return this.index.find(labels) ?? this.enter(copyLabels(labels, this.rules));
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'labels threw';
      this.context.recorder.refuse(`${this.name}: ${reason}`);
      return undefined;
    }
  }

  private enter(entries: LabelEntries): S {
    const { series, own } = this.resolve(toPairs(entries));
    // a label set beyond the limit is not remembered: what grows without bound must not fill this thread's heap either
    if (own) this.index.insert(entries, series);
    return series;
  }

  private resolve(pairs: LabelPairs): { series: S; own: boolean } {
    const { recorder, cardinalityLimit: limit, definition, family } = this.context;
    const { series, own } = registerSeries(recorder.arena, family, definition, pairs, limit);
    if (own) return { series: this.bind(series), own };
    if (series.id === 0)
      warnOnce('RINGMETER_OUT_OF_MEMORY', `no memory for another series of ${this.name}: its records are dropped`);
    else
      warnOnce(
        'RINGMETER_CARDINALITY',
        `${this.name} has ${limit} series: further label sets go to its overflow series`,
      );
    if (this.overflow?.id !== series.id) this.overflow = this.bind(series);
    return { series: this.overflow, own };
  }
}
