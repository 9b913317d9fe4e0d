import { keyOf, NAME, NO_LABELS, part, pick } from './labels';
import type { LabelSet } from './types';

/** The labels that tell the groups of a vector apart: `by` and `on` some, `without` and `ignoring` some. */
export class Grouping {
  private readonly names: ReadonlySet<string>;
  private readonly sorted: readonly string[];

  constructor(
    names: readonly string[],
    private readonly excludes: boolean,
  ) {
    this.names = new Set(excludes ? [...names, NAME] : names);
    this.sorted = [...this.names].sort();
  }

  /** The same text for the labels of the same group. */
  key(labels: LabelSet): string {
    if (this.excludes) return keyOf(this.labels(labels));
    let key = '';
    for (const name of this.sorted) key += part(Object.hasOwn(labels, name) ? labels[name] : '');
    return key;
  }

  /** What the members of the group have in common. */
  labels(labels: LabelSet): LabelSet {
    if (!this.excludes && this.sorted.length === 0) return NO_LABELS;
    return pick(labels, (name) => this.names.has(name) !== this.excludes);
  }
}

/** The groups of a vector's series. */
export interface Groups {
  /** Per group, the labels. */
  readonly labels: LabelSet[];
  /** Per series, which group. */
  readonly of: Int32Array;
}

export function groupsOf(series: readonly LabelSet[], grouping: Grouping): Groups {
  const numbers = new Map<string, number>();
  const labels: LabelSet[] = [];
  const of = new Int32Array(series.length);
  for (let index = 0; index < series.length; index++) {
    const key = grouping.key(series[index]);
    let number = numbers.get(key);
    if (number === undefined) {
      number = labels.length;
      numbers.set(key, number);
      labels.push(grouping.labels(series[index]));
    }
    of[index] = number;
  }
  return { labels, of };
}
