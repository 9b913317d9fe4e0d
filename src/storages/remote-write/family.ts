import type { Definition, LabelPairs } from '../../kinds/definition';
import { kindOf } from '../../kinds/kinds';
import { type SampleReader, valueAtFirst } from '../../kinds/sample';
import type { Family } from '../../registry/family';
import { presenceIn, type Snapshot } from '../../snapshot/snapshot';
import { startOf } from '../../snapshot/start';
import { areSame, completeLabels, sorted } from './labels';
import { Twins } from './twins';

/** The labels that come from outside the series. */
export interface GivenLabels {
  /** Of metrics without series; series have them already. */
  readonly default: LabelPairs;
  /** Of every series that has no label of that name. */
  readonly external: LabelPairs;
}

/**
 * What is sent for a series: its values; zeros, for a metric without series (a query can tell it from a missing metric,
 * and sees it grow from 0); or a staleness marker.
 */
export type Saying = 'values' | 'zeros' | 'end';

/** Which series exist: those of a snapshot, or without `values` all that were born before it. */
export type Shown = Pick<Snapshot, 'births'> & Partial<Pick<Snapshot, 'values'>>;

/** One series on its way to a receiver. */
export interface OutgoingSeries {
  readonly family: OutgoingFamily;
  /** Sorted by name. */
  readonly labels: LabelPairs;
  readonly saying: Saying;
  /** Index in the family's list; -1 for the placeholder of a metric without series. */
  readonly index: number;
  /** Since when the series counts, in wall-clock milliseconds; 0 = not known. */
  readonly start: number;
}

/** One metric as a receiver knows it. */
export class OutgoingFamily {
  /** Per line: its name and its additional label, sorted. */
  readonly lines: readonly LabelPairs[];
  /** Per line, whether it is a total since the series began. */
  readonly isTotal: readonly boolean[];
  private readonly read: SampleReader;
  /** The values of a series before its first record. */
  private readonly atFirst: Float64Array;
  /** Values by line, valid until the next read. */
  private readonly now: Float64Array;
  private readonly twins: Twins;
  private readonly zeroLabels: LabelPairs;
  private zerosSent = false;

  constructor(
    private readonly family: Family,
    private readonly given: GivenLabels,
  ) {
    const { definition } = family;
    const kind = kindOf(definition);
    const samples = kind.samples(definition);
    this.lines = samples.map(({ suffix, label }) => {
      const name = ['__name__', `${definition.name}${suffix}`] as const;
      return label === undefined ? [name] : sorted([name, label]);
    });
    this.isTotal = samples.map(({ isCumulative = false }) => isCumulative);
    this.read = kind.sampleReader(definition);
    this.atFirst = Float64Array.from(samples, valueAtFirst);
    this.now = new Float64Array(this.lines.length);
    this.twins = new Twins(family, given.external);
    this.zeroLabels = completeLabels(given.default, given.external);
  }

  get definition(): Definition {
    return this.family.definition;
  }

  /** The series of the metric in a snapshot. */
  *series(snapshot: Snapshot): Generator<OutgoingSeries> {
    if (this.mustEndZeros(snapshot)) yield this.zeros('end');
    if (this.showsZeros(snapshot)) yield this.zeros('zeros');
    yield* this.registered(snapshot, 'values', (index) => startOf(snapshot, this.family, index));
  }

  /** Staleness markers for all series of a snapshot. */
  *ends(shown: Shown): Generator<OutgoingSeries> {
    if (this.zerosSent) yield this.zeros('end');
    yield* this.registered(shown, 'end');
  }

  /** To be called when a snapshot has been sent. */
  markSent(snapshot: Snapshot): void {
    this.zerosSent = this.showsZeros(snapshot);
  }

  /** The values of a series' lines, valid until the next call; undefined if the series has ended. */
  values({ saying, index }: OutgoingSeries, values: Float64Array): Float64Array | undefined {
    if (saying === 'end') return undefined;
    if (saying === 'zeros') return this.atFirst;
    this.read(values, this.family.series.columns[index], this.now);
    return this.now;
  }

  /** The number of a series among all series. */
  idOf(index: number): number {
    return this.family.series.ids[index];
  }

  private *registered(
    shown: Shown,
    saying: Saying,
    start: (index: number) => number = () => 0,
  ): Generator<OutgoingSeries> {
    const { family, given } = this;
    const isThere = presenceIn(shown, family);
    const isFree = family.definition.labelNames === null;
    for (let index = 0; index < family.series.count; index++) {
      if (!isThere(index) || (isFree && this.twins.has(index))) continue;
      const labels = completeLabels(family.labels(index), given.external);
      yield { family: this, labels, saying, index, start: start(index) };
    }
  }

  private zeros(saying: Saying): OutgoingSeries {
    return { family: this, labels: this.zeroLabels, saying, index: -1, start: 0 };
  }

  private showsZeros(shown: Shown): boolean {
    return this.definition.labelNames === null && !this.hasSeries(shown);
  }

  private hasSeries(shown: Shown): boolean {
    const isThere = presenceIn(shown, this.family);
    for (let index = 0; index < this.family.series.count; index++) if (isThere(index)) return true;
    return false;
  }

  /** Whether the zeros need a staleness marker: the metric has series now, and none has the labels of the zeros. */
  private mustEndZeros(shown: Shown): boolean {
    if (!this.zerosSent || !this.hasSeries(shown)) return false;
    for (const { labels } of this.registered(shown, 'values')) if (areSame(labels, this.zeroLabels)) return false;
    return true;
  }
}
