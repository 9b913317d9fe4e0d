import type { Family } from '../../aggregate/catalog';
import type { Definition, LabelPairs } from '../../aggregate/definition';
import { type ReadSamples, samplesOf, sampleValues } from '../../aggregate/samples';
import type { Snapshot } from '../../aggregate/snapshot';
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
 * What is sent of a series: its values; zeros, of a metric that has no series yet (it can be told from a missing one,
 * and grows from there); or that it has ended.
 */
export type Saying = 'values' | 'zeros' | 'end';

/** One series on its way to a receiver. */
export interface OutgoingSeries {
  readonly family: OutgoingFamily;
  /** Sorted by name. */
  readonly labels: LabelPairs;
  readonly saying: Saying;
  /** In the family's list; -1 for the one that stands for a metric without series. */
  readonly index: number;
}

/** One metric as a receiver knows it. */
export class OutgoingFamily {
  /** Per line: its name and the label that it adds, sorted. */
  readonly lines: readonly LabelPairs[];
  private readonly read: ReadSamples;
  /** One for each line; good until the next call that reads. */
  private readonly now: Float64Array;
  private readonly twins: Twins;
  private readonly zeroLabels: LabelPairs;
  private zerosSent = false;

  constructor(
    private readonly family: Family,
    private readonly given: GivenLabels,
  ) {
    const { definition } = family;
    this.lines = samplesOf(definition).map(({ suffix, label }) => {
      const name = ['__name__', `${definition.name}${suffix}`] as const;
      return label === undefined ? [name] : sorted([name, label]);
    });
    this.read = sampleValues(definition);
    this.now = new Float64Array(this.lines.length);
    this.twins = new Twins(family, given.external);
    this.zeroLabels = completeLabels(given.default, given.external);
  }

  get definition(): Definition {
    return this.family.definition;
  }

  /** What a snapshot has of the metric. */
  *series({ places }: Snapshot): Generator<OutgoingSeries> {
    if (this.mustEndZeros(places)) yield this.zeros('end');
    if (this.showsZeros(places)) yield this.zeros('zeros');
    yield* this.registered(places, 'values');
  }

  /** Ends of all that a snapshot had, which is known by the places it covers. */
  *ends(places: number): Generator<OutgoingSeries> {
    if (this.zerosSent) yield this.zeros('end');
    yield* this.registered(places, 'end');
  }

  /** To be called when a snapshot has been sent. */
  settle(places: number): void {
    this.zerosSent = this.showsZeros(places);
  }

  /** The values of a series' lines; none if it has ended. Good until the next call. */
  values({ saying, index }: OutgoingSeries, values: Float64Array): Float64Array | undefined {
    if (saying === 'end') return undefined;
    if (saying === 'values') this.read(values, this.family.series.columns[index], this.now);
    else {
      this.now.fill(0);
      // an empty window has no quantiles
      if (this.definition.type === 'summary') this.now.fill(Number.NaN, 0, this.definition.quantiles.length);
    }
    return this.now;
  }

  /** Where the registry has a series. */
  recordOf(index: number): number {
    return this.family.series.records[index];
  }

  private *registered(places: number, saying: Saying): Generator<OutgoingSeries> {
    const { family, given } = this;
    const isFree = family.definition.labelNames === null;
    for (let index = 0; index < family.series.count; index++) {
      if (family.series.places[index] >= places || (isFree && this.twins.has(index))) continue;
      yield { family: this, labels: completeLabels(family.labels(index), given.external), saying, index };
    }
  }

  private zeros(saying: Saying): OutgoingSeries {
    return { family: this, labels: this.zeroLabels, saying, index: -1 };
  }

  private showsZeros(places: number): boolean {
    return this.definition.labelNames === null && !this.hasSeries(places);
  }

  private hasSeries(places: number): boolean {
    return this.family.series.count > 0 && this.family.series.places[0] < places;
  }

  /** Once there are series, and none that goes on from the zeros. */
  private mustEndZeros(places: number): boolean {
    if (!this.zerosSent || !this.hasSeries(places)) return false;
    for (const { labels } of this.registered(places, 'values')) if (areSame(labels, this.zeroLabels)) return false;
    return true;
  }
}
