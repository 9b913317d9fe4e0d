import { high, RECORD, SERIES_FLAG } from '../arena/layout';
import { isGone, showAgain } from '../arena/lives';
import { RingmeterError } from '../common/errors';
import { showsOnly } from '../common/inspection';
import type { Definition, LabelPairs } from '../kinds/definition';
import { kindOf } from '../kinds/kinds';
import type { LivingFamily } from '../lifecycle/end-life';
import { birthMark } from '../registry/births';
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
/** Labels of the overflow series, which all label sets beyond the limit share. */
const OVERFLOW_LABELS: LabelPairs = [['ringmeter_overflow', 'true']];
/** A LabelSet object that has read more names than this is not kept for reuse. */
const USUAL_LABELS = 64;

/**
 * A metric on one thread: resolves label sets to series. `S` is its kind of bound series.
 *
 * A record with a label object looks up the code of its events and needs no bound series. Bound series are made only
 * when the user asks for them, and for the first records of a label set.
 *
 * A label set is cached when it is resolved for the second time. So a label set that is resolved once and kept as a
 * handle, or that never occurs again, takes no heap memory.
 */
export abstract class Metric<S extends BoundSeries, Name extends string = string> {
  /** Cache of resolved label sets; replaced by an empty one when it is cleared. */
  protected index: LabelIndex;
  /** Bound series that were requested more than once, by the code of their events. */
  private readonly handles = new Map<number, S>();
  private readonly rules: LabelRules;
  private readonly limits: SeriesLimits;
  /** The LabelSet for the next read; undefined while it is in use. */
  private spareSet: LabelSet | undefined;
  /** The overflow series, by reason, for label sets without a series of their own. */
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
   * Removes the series of a label set: it is not shown any more. Later records of that label set, also through an old
   * handle, show it again from zero.
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

  /** Removes the series of those label sets that have one. @throws RINGMETER_BUSY, RINGMETER_OUT_OF_MEMORY */
  protected drop(sets: Iterable<Labels | undefined>): void {
    const set = new LabelSet(this.rules, this.context.defaultLabels);
    const records: number[] = [];
    for (const labels of sets) if (set.read(labels ?? NO_LABELS) === undefined) records.push(this.forgetSet(set));
    this.removeRecords(records);
  }

  /** Removes a label set from the cache. @returns the record of its series, 0 if there is none */
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
   * Removes all series that have these label values, or for whose labels a predicate returns true. Examines every
   * series of the metric, on this thread.
   *
   * @returns how many were removed. Throws as `remove` does, and the predicate's errors: then nothing is removed
   */
  removeMatching(labels: PartialLabels<Name> | ((labels: Record<string, string>) => boolean)): number {
    const matches = typeof labels === 'function' ? labels : matcherOf(labels, this.rules, this.context.defaultLabels);
    const count = this.context.removal.endMatching(this.living, 'remove', matches);
    if (count > 0) this.forget();
    return count;
  }

  /** Removes all series of the metric, but not the metric. Returns their number. Throws as `remove` does. */
  clear(): number {
    const count = this.context.removal.endMatching(this.living, 'remove');
    this.forget();
    return count;
  }

  /** Sets all series of the metric back to zero; they are still shown. Throws as `remove` does. */
  reset(): void {
    this.context.removal.endMatching(this.living, 'reset');
  }

  /** Clears the cache of resolved label sets, since their series were removed: the next record shows them again. */
  forget(): void {
    this.index = this.emptyIndex();
    this.handles.clear();
  }

  /** Clears the cache as well, but only if the metric has a ttl ("mortal"): then the memory of series may be reused. */
  forgetMortal(): void {
    if (this.isMortal) this.forget();
  }

  private get isMortal(): boolean {
    return this.context.definition.ttl !== undefined;
  }

  private get living(): LivingFamily {
    return { record: this.context.family, definition: this.context.definition };
  }

  /** The series to read a value from. Throws as `bound` does. */
  protected read(labels: LabelObject | undefined): S {
    return this.known(labels) ?? this.resolve(labels === undefined ? NO_LABELS : labels);
  }

  private known(labels: LabelObject | undefined): S | undefined {
    return this.handles.get(this.index.code(this.find(labels)));
  }

  /**
   * The series of a label set, pinned: the caller may keep it for ever.
   *
   * @throws RingmeterError RINGMETER_INVALID_LABELS and the codes of bad label names; and the errors of getters
   */
  protected bound(labels: unknown): S {
    for (;;) {
      const found = (labels === undefined ? undefined : this.known(labels as LabelObject)) ?? this.resolve(labels);
      if (!this.isMortal || this.pin(found)) return found;
    }
  }

  /**
   * Pins a series, since the user has a handle: its memory will never be reused.
   *
   * @returns false if its memory has been reused or is about to be: then the caller has to look the series up again
   */
  private pin({ record }: S): boolean {
    if (record === 0) return true;
    const { arena } = this.context.recorder;
    Atomics.or(arena.i32, high(record + RECORD.SERIES_LIFE), SERIES_FLAG.PINNED);
    showAgain(arena, record);
    return !isGone(arena, record);
  }

  /**
   * The number of a record's label set, which is the key of the index. The index has no code for it (0) if `learn` has
   * to resolve the labels first, or if they cannot be read.
   */
  protected find(labels: LabelObject | undefined): number {
    if (labels === undefined) return UNLABELLED;
    try {
      const { index } = this;
      const set = index.find(labels);
      // a getter of the labels may have recorded, which may have replaced the index
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
      // only a label set that is cached (resolved before) gets its handle cached; the first time, the caller keeps it
      if (this.index.code(known) === series.code) this.handles.set(series.code, series);
      return series;
    } finally {
      this.putBack(set);
    }
  }

  /**
   * The series of a record that `find` does not know, registered if necessary. If its labels or its value are invalid,
   * the record is counted as refused, no series is created, and the result is undefined.
   */
  protected learn(labels: LabelObject | undefined, value: unknown): S | undefined {
    // the labels were passed in place of the value: report that, not the problem with the labels that follows from it
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

  /** Takes the spare LabelSet, or makes one: a getter of the labels being read may itself record with labels. */
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
    // if a series was born since the search, it may be this label set, registered by another thread
    if (shared === undefined || births !== birthMark(arena)) return this.register(set);
    // the fast path in a flood of label sets: nearly all of them end here
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
    // a refused label set is not cached: label sets that grow without bound must not fill this thread's heap either
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

  /** Whether this thread may cache label sets: without a shard it cannot acknowledge that memory is to be reused. */
  private get canForget(): boolean {
    return !this.isMortal || this.context.recorder.own !== undefined;
  }
}

showsOnly(Metric, ({ type, name, description }) => ({ type, name, description }));

/** Merges two label objects, `late` taking precedence. Returns a non-object as it is, so that it is refused later. */
export function together(early: LabelObject | undefined, late: LabelObject | undefined): LabelObject | undefined {
  if (early === undefined) return late;
  if (late === undefined || !isObject(early)) return early;
  return isObject(late) ? { ...early, ...late } : late;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
