import { keyOf } from '../query/labels';
import type { LabelSet } from '../query/types';
import type { RingEntry } from '../snapshot/snapshot-ring';
import { unpackText } from './packed-text';
import { SampleColumn } from './sample-column';

/** Tag of an entry that defines a series number, in place of a rule's number. */
export const DEFINITION = -1;

/** Heap bytes of a series in the index, beside its labels' text, and of a sample. Measured with V8 11 to 14. */
const SERIES_BYTES = 700;
const BYTES_PER_CHARACTER = 3;
const SAMPLE_BYTES = 32;

/** A series of a rule: two rules may write the same labels. */
export interface RuleSeries {
  readonly number: number;
  readonly rule: number;
  readonly labels: LabelSet;
  /** Bytes of heap, without its samples. */
  readonly bytes: number;
  /** Ring position of its newest definition. */
  definedAt: number;
  readonly samples: SampleColumn;
}

/** The content of a definition. */
export interface SeriesDefinition {
  readonly rule: number;
  readonly labels: LabelSet;
}

/** The entries of a sample log by series, in the memory of one thread that follows the log. */
export class SampleIndex {
  /** Bytes of heap, about. */
  bytes = 0;
  private readonly byNumber = new Map<number, RuleSeries>();
  private readonly byDefinition = new Map<string, RuleSeries>();
  private readonly byName = new Map<string, Set<RuleSeries>>();
  /** By rule, the series that it wrote at its last evaluation. */
  private readonly live = new Map<number, Set<RuleSeries>>();

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
  liveOf(rule: number): RuleSeries[] {
    return [...(this.live.get(rule) ?? [])];
  }

  add({ position, timestamp, tag, values }: RingEntry): void {
    if (tag === DEFINITION) this.define(position, values);
    else
      for (let at = 0; at < values.length; at += 2) {
        const number = values[at];
        const ended = number < 0;
        const series = this.byNumber.get(ended ? -1 - number : number);
        if (series !== undefined) this.append(series, timestamp, values[at + 1], ended);
      }
  }

  private append(series: RuleSeries, time: number, value: number, ended: boolean): void {
    if (!series.samples.append(time, value, ended)) return;
    this.bytes += SAMPLE_BYTES;
    if (ended) removeFrom(this.live, series.rule, series);
    else addTo(this.live, series.rule, series);
  }

  private define(position: number, values: Float64Array): void {
    const [number] = values;
    const known = this.byNumber.get(number);
    if (known !== undefined) {
      known.definedAt = position;
      return;
    }
    const text = unpackText(values.subarray(1));
    const { rule, labels } = JSON.parse(text) as SeriesDefinition;
    const bytes = SERIES_BYTES + BYTES_PER_CHARACTER * text.length;
    const series: RuleSeries = { number, rule, labels, bytes, definedAt: position, samples: new SampleColumn() };
    this.bytes += bytes;
    this.byNumber.set(number, series);
    this.byDefinition.set(SampleIndex.key(rule, labels), series);
    addTo(this.byName, labels.__name__ ?? '', series);
  }

  /** Forgets samples from before a moment, and series of which nothing is left. */
  dropBefore(time: number): void {
    for (const series of this.byNumber.values()) this.drop(series, time);
  }

  /** Like `dropBefore`, but keeps the newest sample of a live series: its rule still has to end the series. */
  dropEndedBefore(time: number): void {
    for (const series of this.byNumber.values()) {
      const { samples } = series;
      if (samples.length > 0) this.drop(series, samples.isEnded ? time : Math.min(time, samples.newest));
    }
  }

  private drop(series: RuleSeries, time: number): void {
    this.bytes -= series.samples.dropBefore(time) * SAMPLE_BYTES;
    if (series.samples.length > 0) return;
    this.bytes -= series.bytes;
    this.byNumber.delete(series.number);
    // the labels may have got a new number since
    const key = SampleIndex.key(series.rule, series.labels);
    if (this.byDefinition.get(key) === series) this.byDefinition.delete(key);
    removeFrom(this.byName, series.labels.__name__ ?? '', series);
    removeFrom(this.live, series.rule, series);
  }

  clear(): void {
    this.bytes = 0;
    this.byNumber.clear();
    this.byDefinition.clear();
    this.byName.clear();
    this.live.clear();
  }
}

function addTo<Key>(sets: Map<Key, Set<RuleSeries>>, key: Key, series: RuleSeries): void {
  const set = sets.get(key) ?? new Set();
  sets.set(key, set.add(series));
}

function removeFrom<Key>(sets: Map<Key, Set<RuleSeries>>, key: Key, series: RuleSeries): void {
  const set = sets.get(key);
  if (set?.delete(series) && set.size === 0) sets.delete(key);
}
