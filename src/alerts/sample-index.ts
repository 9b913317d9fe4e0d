import { keyOf } from '../query/labels';
import type { LabelSet } from '../query/types';
import type { RingEntry } from '../storage/snapshot-ring';
import { unpackText } from './packed-text';
import { SampleColumn } from './sample-column';

/** Instead of a rule's number: the entry says what a series number means. */
export const DEFINITION = -1;

/** A series of a rule: two rules may write the same labels. */
export interface RuleSeries {
  readonly number: number;
  readonly rule: number;
  readonly labels: LabelSet;
  /** Where its newest definition stands. */
  definedAt: number;
  readonly samples: SampleColumn;
}

/** What a definition says. */
export interface SeriesDefinition {
  readonly rule: number;
  readonly labels: LabelSet;
}

/** The entries of a sample log by series, in the memory of one thread that follows the log. */
export class SampleIndex {
  private readonly byNumber = new Map<number, RuleSeries>();
  private readonly byDefinition = new Map<string, RuleSeries>();
  private readonly byName = new Map<string, Set<RuleSeries>>();
  private readonly byRule = new Map<number, Set<RuleSeries>>();

  static key(rule: number, labels: LabelSet): string {
    return `${rule} ${keyOf(labels)}`;
  }

  find(key: string): RuleSeries | undefined {
    return this.byDefinition.get(key);
  }

  named(name: string): Iterable<RuleSeries> {
    return this.byName.get(name) ?? [];
  }

  all(): Iterable<RuleSeries> {
    return this.byNumber.values();
  }

  /** The series that a rule wrote at its last evaluation. */
  live(rule: number): RuleSeries[] {
    return [...(this.byRule.get(rule) ?? [])].filter(({ samples }) => samples.length > 0 && !samples.isEnded);
  }

  add({ position, timestamp, places, values }: RingEntry): void {
    if (places === DEFINITION) this.define(position, values);
    else
      for (let at = 0; at < values.length; at += 2) {
        const number = values[at];
        const ended = number < 0;
        this.byNumber.get(ended ? -1 - number : number)?.samples.append(timestamp, values[at + 1], ended);
      }
  }

  private define(position: number, values: Float64Array): void {
    const [number] = values;
    const known = this.byNumber.get(number);
    if (known !== undefined) {
      known.definedAt = position;
      return;
    }
    const { rule, labels } = JSON.parse(unpackText(values.subarray(1))) as SeriesDefinition;
    const series: RuleSeries = { number, rule, labels, definedAt: position, samples: new SampleColumn() };
    this.byNumber.set(number, series);
    this.byDefinition.set(SampleIndex.key(rule, labels), series);
    addTo(this.byName, labels.__name__ ?? '', series);
    addTo(this.byRule, rule, series);
  }

  /** Forgets samples from before a moment, and series of which nothing is left. */
  dropBefore(time: number): void {
    for (const series of this.byNumber.values()) {
      series.samples.dropBefore(time);
      if (series.samples.length > 0) continue;
      this.byNumber.delete(series.number);
      this.byDefinition.delete(SampleIndex.key(series.rule, series.labels));
      this.byName.get(series.labels.__name__ ?? '')?.delete(series);
      this.byRule.get(series.rule)?.delete(series);
    }
  }

  clear(): void {
    this.byNumber.clear();
    this.byDefinition.clear();
    this.byName.clear();
    this.byRule.clear();
  }
}

function addTo<Key>(sets: Map<Key, Set<RuleSeries>>, key: Key, series: RuleSeries): void {
  const set = sets.get(key) ?? new Set();
  sets.set(key, set.add(series));
}
