import { type ErrorCode, messageOf, shown } from '../common/errors';
import { ownProperties } from '../common/own-properties';
import { warnOnce } from '../common/warning';
import type { Labels } from './labels';
import { keyOf, NamedSets } from './named-sets';
import { isPromise, type Observe, type Observed, observations } from './observed';
import type { Pace } from './pace';
import { isFiniteNumber } from './values';

/** Receives the outcome of each callback's call. */
export interface CallbackOutcomes {
  succeeded(metric: string): void;
  failed(metric: string): void;
}

/** A metric, or one series of it, for which a callback returns values. */
export interface CollectTarget {
  /** Name of the metric. */
  readonly metric: string;
  /**
   * Records a value.
   *
   * @param labels undefined for the series that the callback belongs to
   * @param key a text that identifies the label set, whatever the order of its labels; undefined if it cannot be read
   */
  take(value: number, labels: Labels | undefined, key: string | undefined): void;
  /**
   * Removes the series of label sets that no callback returns any more; undefined if the callback is of one series.
   *
   * @returns whether they were removed; otherwise this is called again with them after the next answer
   */
  drop?(sets: ReadonlyMap<string, Labels | undefined>): boolean;
}

/** One callback. */
export class CollectCallback {
  /** Whether the callback is running, or the promise that it returned is still pending. */
  private busy = false;
  private readonly named = new NamedSets();

  constructor(
    readonly target: CollectTarget,
    private readonly observe: Observe,
    private readonly outcomes: CallbackOutcomes,
    private readonly pace: Pace,
    /** All callbacks of the thread. */
    private readonly all: ReadonlySet<CollectCallback>,
  ) {}

  /** Calls the callback, unless it is still busy. @returns undefined if it answered synchronously, or is still busy */
  ask(): Promise<void> | undefined {
    if (this.busy) return undefined;
    this.busy = true;
    const done = this.pace.measure();
    let given: Observed | Promise<Observed>;
    try {
      given = this.observe();
      if (isPromise(given)) return this.wait(given, done);
      this.record(given);
    } catch (error) {
      this.fail(error);
    }
    this.busy = false;
    done();
    return undefined;
  }

  private async wait(promised: PromiseLike<Observed>, done: () => void): Promise<void> {
    try {
      this.record(await promised);
    } catch (error) {
      this.fail(error);
    } finally {
      this.busy = false;
      done();
    }
  }

  private record(given: Observed): void {
    const { target, named } = this;
    const bad: unknown[] = [];
    named.begin();
    for (const observation of observations(given)) {
      const { value, labels } = ownProperties(observation, ['value', 'labels']);
      const key = keyOf(labels);
      named.add(key, labels);
      target.take(value, labels, key);
      if (!isFiniteNumber(value)) bad.push(value);
    }
    this.dropUnnamed();
    // the valid values have been recorded by now
    if (bad.length > 0) throw new TypeError(`a value must be a finite number, got ${shown(bad[0])}`);
    this.outcomes.succeeded(target.metric);
  }

  /** Removes the series of label sets missing from this answer. If that fails, it is retried after the next answer. */
  private dropUnnamed(): void {
    const { target, named } = this;
    const unnamed = named.unnamed();
    if (unnamed.size === 0 || target.drop === undefined) return;
    const twins = [...this.all].filter((other) => other !== this && other.target.metric === target.metric);
    for (const key of unnamed.keys()) if (twins.some((twin) => twin.named.has(key))) unnamed.delete(key);
    if (!target.drop(unnamed)) return;
    for (const key of unnamed.keys()) named.forget(key);
  }

  private fail(error: unknown): void {
    const { metric } = this.target;
    // the callback called a collector that is being closed: this is not a failure of the callback
    if ((error as { code?: unknown } | null | undefined)?.code === ('RINGMETER_CLOSED' satisfies ErrorCode)) return;
    warnOnce('RINGMETER_COLLECT_FAILED', `the callback of ${metric} failed: ${messageOf(error)}`, metric);
    this.outcomes.failed(metric);
  }
}
