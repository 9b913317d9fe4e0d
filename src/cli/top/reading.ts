import type { LabelPairs } from '../../kinds/definition';
import { labelValue, seriesKey } from '../../lint/series';
import type { Scrape, ScrapedFamily, ScrapedSample } from '../../scrape/types';

/** A scrape and its predecessor, from which rates are computed. */
export class ScrapePair {
  readonly families: readonly ScrapedFamily[];
  private readonly byName = new Map<string, ScrapedSample[]>();
  private readonly values = new Map<string, Map<string, number>>();
  private before: ScrapePair | undefined;

  /** @param at when the answer arrived, in milliseconds of a monotonic clock */
  constructor(
    scrape: Scrape,
    readonly at: number,
    before?: ScrapePair,
  ) {
    this.families = scrape.families;
    this.before = before;
    // keeps only two scrapes in memory
    if (before) before.before = undefined;
    for (const { samples } of scrape.families) for (const sample of samples) this.index(sample);
  }

  private index(sample: ScrapedSample): void {
    const samples = this.byName.get(sample.name);
    if (samples) samples.push(sample);
    else this.byName.set(sample.name, [sample]);
  }

  /** Seconds since the scrape before; NaN if this is the first. */
  get elapsed(): number {
    return this.before === undefined ? Number.NaN : (this.at - this.before.at) / 1_000;
  }

  samples(name: string): readonly ScrapedSample[] {
    return this.byName.get(name) ?? [];
  }

  /** The sum of all lines of a name; undefined if there are none. */
  value(name: string): number | undefined {
    const samples = this.samples(name);
    return samples.length === 0 ? undefined : samples.reduce((sum, { value }) => sum + value, 0);
  }

  /** The increase of a line. A decrease is a reset to 0; a new line started from 0. NaN in the first scrape. */
  increase(sample: ScrapedSample): number {
    if (this.before === undefined) return Number.NaN;
    const before = this.before.valueOf(sample.name, sample.labels);
    return before === undefined || sample.value < before ? sample.value : sample.value - before;
  }

  /** Per second, over all lines of a name; undefined if there are none, NaN in the first scrape. */
  rate(name: string): number | undefined {
    const samples = this.samples(name);
    if (samples.length === 0) return undefined;
    return samples.reduce((sum, sample) => sum + this.increase(sample), 0) / this.elapsed;
  }

  private valueOf(name: string, labels: LabelPairs): number | undefined {
    let values = this.values.get(name);
    if (values === undefined) {
      values = new Map(this.samples(name).map((sample) => [seriesKey(sample.labels), sample.value]));
      this.values.set(name, values);
    }
    return values.get(seriesKey(labels));
  }
}

/** Lines by the value of a label; '' for those without it. */
export function groupBy(samples: readonly ScrapedSample[], label: string): Map<string, ScrapedSample[]> {
  const groups = new Map<string, ScrapedSample[]>();
  for (const sample of samples) {
    const value = labelValue(sample.labels, label) ?? '';
    const group = groups.get(value);
    if (group) group.push(sample);
    else groups.set(value, [sample]);
  }
  return groups;
}
