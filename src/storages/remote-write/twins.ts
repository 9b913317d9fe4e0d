import type { LabelPairs } from '../../kinds/definition';
import type { Family } from '../../registry/family';
import { completeLabels } from './labels';

/**
 * Finds series that become equal with the external labels: `{}` and `{ env: 'prod' }` if `env="prod"` is external. Two
 * values for one series make a receiver refuse the whole request, so only the first series is sent, as a scrape would
 * keep the first. Only metrics with free label names can have such series.
 *
 * Takes no memory until a series appears that has a label with the name of an external label.
 */
export class Twins {
  private examined = 0;
  private reborn = 0;
  private seen: Set<string> | undefined;
  private readonly later = new Set<number>();

  constructor(
    private readonly family: Family,
    private readonly given: LabelPairs,
  ) {}

  /** Whether an earlier series is sent with the same labels. */
  has(index: number): boolean {
    if (this.reborn !== this.family.series.reborn) this.forget();
    while (this.examined <= index) this.examine(this.examined++);
    return this.later.has(index);
  }

  private forget(): void {
    this.reborn = this.family.series.reborn;
    this.examined = 0;
    this.seen = undefined;
    this.later.clear();
  }

  private examine(index: number): void {
    const labels = this.family.labels(index);
    if (this.seen === undefined) {
      if (!this.mayBeTwin(labels)) return;
      this.seen = new Set();
      for (let earlier = 0; earlier < index; earlier++) this.seen.add(this.keyOf(this.family.labels(earlier)));
    }
    const key = this.keyOf(labels);
    if (this.seen.has(key)) this.later.add(index);
    else this.seen.add(key);
  }

  private mayBeTwin(labels: LabelPairs): boolean {
    return this.given.some(([given]) => labels.some(([name]) => name === given));
  }

  private keyOf(labels: LabelPairs): string {
    return JSON.stringify(completeLabels(labels, this.given));
  }
}
