import { high, RECORD, SERIES_FLAG } from '../arena/layout';
import { isGone, showAgain } from '../arena/lives';
import { RingmeterError } from '../common/errors';
import { showsOnly } from '../common/inspection';
import type { Definition, LabelPairs } from '../kinds/definition';
import { kindOf } from '../kinds/kinds';
import type { LivingFamily } from '../lifecycle/lifetimes';
import { birthMark } from '../registry/directory';
import { toPairs } from '../registry/label-pairs';
import {
  findRecord,
  presentSeries,
  type Refusal,
  type RegisteredSeries,
  registerSeries,
  type SeriesLimits,
  whyRefused,
} from '../registry/register';
import { encodeSeriesKey } from '../registry/series-key';
import { type BoundSeries, type MetricContext, refuseValue } from './bound-series';
import { warnOfExplosion } from './explosion';
import { LabelIndex } from './label-index';
import { LabelSet } from './label-set';
import { NOWHERE, UNLABELLED } from './label-tree';
import { type LabelRules, type Labels, matcherOf, type PartialLabels } from './labels';
import type { Recorder } from './recorder';

type LabelObject = Readonly<Record<string, unknown>>;

const NO_LABELS: LabelObject = Object.freeze({});
/** What all label sets beyond the limit share. */
const OVERFLOW_LABELS: LabelPairs = [['ringmeter_overflow', 'true']];
/** A label set with more names is not worth keeping what it was read into. */
const USUAL_LABELS = 64;

/**
 * A metric on one thread: finds the series of label sets. `S` is its kind of bound series.
 *
 * A record with a label object finds the code of its events and needs no bound series; those are for who asks for them, and
 * for the first records of a label set.
 *
 * A label set is remembered when it is resolved for the second time: one that was resolved once for good, or is never
 * seen again, costs this thread's heap nothing.
 */
export abstract class Metric<S extends BoundSeries, Name extends string = string> {
  /** Changes when what was known of label sets is forgotten. */
  protected index: LabelIndex;
  /** The bound series that were asked for more than once, by the code of their events. */
  private readonly handles = new Map<number, S>();
  private readonly rules: LabelRules;
  private readonly limits: SeriesLimits;
  /** What label sets are read into, while none is. */
  private spareSet: LabelSet | undefined;
  /** What label sets share that have no series of their own. */
  private readonly shared: { [R in Refusal]?: S } = {};

  protected readonly recorder: Recorder;

  constructor(protected readonly context: MetricContext) {
    const { definition, labelTree } = context;
    this.recorder = context.recorder;
    this.index = this.isMortal ? this.emptyIndex() : new LabelIndex(context.cardinalityLimit, labelTree);
    this.limits = { limit: context.cardinalityLimit, total: context.seriesLimit };
    this.rules = {
      names: definition.labelNames && new Set(definition.labelNames),
      reserved: kindOf(definition).reservedLabel,
    };
  }

  private emptyIndex(): LabelIndex {
    return new LabelIndex(this.context.cardinalityLimit);
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

  /**
   * Removes the series of a label set: nothing shows it any more. What is recorded for it afterwards, also through a handle
   * that was kept, begins again from zero.
   *
   * @param labels none for the series without labels
   * @returns whether there was one
   * @throws RingmeterError RINGMETER_INVALID_LABELS; RINGMETER_BUSY, RINGMETER_OUT_OF_MEMORY
   */
  remove(labels: Labels<Name> | Readonly<Record<string, never>> = {}): boolean {
    const set = new LabelSet(this.rules, this.context.defaultLabels);
    const problem = set.read(labels);
    if (problem !== undefined) throw new RingmeterError(problem.code, problem.message);
    return this.removeRecords([this.forgetSet(set)]) === 1;
  }

  /** Removes the series of label sets, as far as there are any. @throws RINGMETER_BUSY, RINGMETER_OUT_OF_MEMORY */
  protected drop(sets: Iterable<Labels | undefined>): void {
    const set = new LabelSet(this.rules, this.context.defaultLabels);
    const records: number[] = [];
    for (const labels of sets) if (set.read(labels ?? NO_LABELS) === undefined) records.push(this.forgetSet(set));
    this.removeRecords(records);
  }

  /** Forgets what a label set was resolved to. @returns the record of its series, 0 if there is none */
  private forgetSet(set: LabelSet): number {
    const { recorder, family } = this.context;
    this.index.delete(set);
    return findRecord(recorder.arena, encodeSeriesKey(family, set.pairs));
  }

  private removeRecords(records: readonly number[]): number {
    return this.context.removal.end(
      this.living,
      records.filter((record) => record !== 0),
      'remove',
    );
  }

  /**
   * Removes all series that have these label values, or whose labels fulfil a condition. Looks at every series of the
   * metric, on this thread.
   *
   * @returns how many there were. Throws as `remove` does, and whatever the condition throws: then nothing is removed
   */
  removeMatching(labels: PartialLabels<Name> | ((labels: Record<string, string>) => boolean)): number {
    const matches = typeof labels === 'function' ? labels : matcherOf(labels, this.rules, this.context.defaultLabels);
    const count = this.context.removal.endMatching(this.living, 'remove', matches);
    if (count > 0) this.forget();
    return count;
  }

  /** Removes all series of the metric, which stays. Returns how many there were. Throws as `remove` does. */
  clear(): number {
    const count = this.context.removal.endMatching(this.living, 'remove');
    this.forget();
    return count;
  }

  /** Lets all series of the metric begin again from zero; they stay. Throws as `remove` does. */
  reset(): void {
    this.context.removal.endMatching(this.living, 'reset');
  }

  /** Forgets which label sets were resolved, since their series were removed: the next record shows them again. */
  forget(): void {
    this.index = this.emptyIndex();
    this.handles.clear();
  }

  /** The same where the memory of series may be used again. */
  forgetMortal(): void {
    if (this.isMortal) this.forget();
  }

  private get isMortal(): boolean {
    return this.context.definition.ttl !== undefined;
  }

  private get living(): LivingFamily {
    return { record: this.context.family, definition: this.context.definition };
  }

  /** The series that a read is about. Throws as `bound` does. */
  protected read(labels: LabelObject | undefined): S {
    return this.known(labels) ?? this.resolve(labels === undefined ? NO_LABELS : labels);
  }

  private known(labels: LabelObject | undefined): S | undefined {
    return this.handles.get(this.index.code(this.find(labels)));
  }

  /**
   * The series of a label set, for good.
   *
   * @throws RingmeterError RINGMETER_INVALID_LABELS and the codes of bad label names; and whatever a getter throws
   */
  protected bound(labels: unknown): S {
    for (;;) {
      const found = (labels === undefined ? undefined : this.known(labels as LabelObject)) ?? this.resolve(labels);
      if (!this.isMortal || this.pin(found)) return found;
    }
  }

  /**
   * Says that a series has a handle for good: its memory will not be another's.
   *
   * @returns false if it is another's already, or soon: then it has to be looked for again
   */
  private pin({ record }: S): boolean {
    if (record === 0) return true;
    const { arena } = this.context.recorder;
    Atomics.or(arena.i32, high(record + RECORD.SERIES_LIFE), SERIES_FLAG.PINNED);
    showAgain(arena, record);
    return !isGone(arena, record);
  }

  /**
   * The number of a record's label set: the index has the code of its events by it, or 0 if that has to be learned, or its
   * labels cannot be read.
   */
  protected find(labels: LabelObject | undefined): number {
    if (labels === undefined) return UNLABELLED;
    try {
      const { index } = this;
      const set = index.find(labels);
      // a getter of the labels may have recorded something, and what was known have been forgotten
      return index === this.index ? set : NOWHERE;
    } catch {
      return NOWHERE;
    }
  }

  private resolve(labels: unknown): S {
    const set = this.takeSet();
    try {
      const problem = set.read(labels);
      if (problem !== undefined) throw new RingmeterError(problem.code, problem.message);
      const series = this.enter(set);
      const known = set.size === 0 ? UNLABELLED : this.find(labels as LabelObject);
      // what was asked for only once is for the caller to keep
      if (this.index.code(known) === series.code) this.handles.set(series.code, series);
      return series;
    } finally {
      this.putBack(set);
    }
  }

  /**
   * The series of a record that `find` does not know how to make: undefined, and counted, if its labels or its value cannot
   * be used. A value that cannot be recorded does not make a series.
   */
  protected learn(labels: LabelObject | undefined, value: unknown): S | undefined {
    // labels in place of the value: whatever is wrong with the labels follows from that
    if (typeof value === 'object' && value !== null) return refuseValue(this.context, value);
    const set = this.takeSet();
    try {
      const problem = set.read(labels === undefined ? NO_LABELS : labels);
      if (problem !== undefined) return this.refuseLabels(problem.message);
      if (this.accepts(value)) return this.enter(set);
      refuseValue(this.context, value);
      return undefined;
    } catch {
      return this.refuseLabels('reading the labels threw');
    } finally {
      this.putBack(set);
    }
  }

  /** Not there twice: a getter of the set that is being read may record something itself. */
  private takeSet(): LabelSet {
    const set = this.spareSet ?? new LabelSet(this.rules, this.context.defaultLabels);
    this.spareSet = undefined;
    return set;
  }

  private putBack(set: LabelSet): void {
    if (set.names.length <= USUAL_LABELS) this.spareSet = set;
  }

  protected refuseLabels(reason: string): undefined {
    this.context.recorder.refuse(`${this.name}: ${reason}`, `${this.name} labels`);
  }

  private enter(set: LabelSet): S {
    const { recorder, definition, family } = this.context;
    const { arena } = recorder;
    const births = birthMark(arena);
    const key = encodeSeriesKey(family, set.pairs);
    const record = findRecord(arena, key);
    const known = presentSeries(arena, record);
    if (known !== undefined) return this.remember(set, known);
    const refusal = whyRefused(arena, family, definition, key, record, this.limits);
    const shared = refusal && this.shared[refusal];
    // another thread may have registered this very set since it was looked for
    if (shared === undefined || births !== birthMark(arena)) return this.register(set);
    // in a flood of label sets this is what nearly all of them come to
    arena.count(family + RECORD.FAMILY_OVERFLOWED);
    return shared;
  }

  private register(set: LabelSet): S {
    const { recorder, defaultLabels, definition, family } = this.context;
    const { series, refusal } = registerSeries(recorder.arena, family, definition, {
      labels: set.pairs,
      ...this.limits,
      reuses: this.isMortal && recorder.own !== undefined,
      beyond: () => toPairs(OVERFLOW_LABELS, defaultLabels),
    });
    if (refusal === undefined) return this.remember(set, series);
    // a label set that is refused is not remembered: what grows without bound must not fill this thread's heap either
    recorder.arena.count(family + RECORD.FAMILY_OVERFLOWED);
    warnOfExplosion({ ...this.context, arena: recorder.arena }, refusal);
    const shared = this.bind(series);
    this.shared[refusal] = shared;
    return shared;
  }

  private remember(set: LabelSet, series: RegisteredSeries): S {
    const bound = this.bind(series);
    if (this.isToBeKept(set, bound) && !this.index.insert(set, bound)) this.index = this.emptyIndex();
    return bound;
  }

  private isToBeKept(set: LabelSet, bound: S): boolean {
    if (set.size > 0) return this.canForget && !this.context.resolved.add(bound.id);
    if (this.isMortal) this.pin(bound);
    return true;
  }

  /** A thread without a shard does not hear that the memory of a series is used again. */
  private get canForget(): boolean {
    return !this.isMortal || this.context.recorder.own !== undefined;
  }
}

showsOnly(Metric, ({ type, name, description }) => ({ type, name, description }));

/** What is no label object is given back by itself: that is refused. */
export function together(early: LabelObject | undefined, late: LabelObject | undefined): LabelObject | undefined {
  if (early === undefined) return late;
  if (late === undefined || !isObject(early)) return early;
  return isObject(late) ? { ...early, ...late } : late;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
