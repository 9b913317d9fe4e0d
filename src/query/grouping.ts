import type { Budget } from './budget';
import { keyLength, keyOf, NAME, NO_LABELS, part, pick } from './labels';
import type { LabelSet } from './types';

/** The labels that identify groups: those listed in `by` or `on`, or all except those in `without` or `ignoring`. */
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

  /** A key that is equal for all members of a group. */
  key(labels: LabelSet): string {
    if (this.excludes) return keyOf(this.labels(labels));
    let key = '';
    for (const name of this.sorted) key += part(Object.hasOwn(labels, name) ? labels[name] : '');
    return key;
  }

  /** The labels of the group: those that its members have in common. */
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

export async function groupsOf(series: readonly LabelSet[], grouping: Grouping, budget: Budget): Promise<Groups> {
  const numbers = new Numbers(budget);
  const labels: LabelSet[] = [];
  budget.holdBytes(4 * series.length);
  const of = new Int32Array(series.length);
  await budget.each(series.length, (index) => {
    numbers.charge(series[index]);
    of[index] = numbers.of(grouping.key(series[index]), labels.length);
    if (of[index] < labels.length) return;
    budget.holdObject(Object.keys(series[index]).length);
    labels.push(grouping.labels(series[index]));
  });
  numbers.release();
  return { labels, of };
}

/** Numbers by key, to number groups of a vector or to find series with equal labels. */
export class Numbers {
  private readonly numbers = new Map<string, number>();
  private held = 0;
  private next = 0;

  constructor(private readonly budget: Budget) {}

  /** Charges the memory of a key; call it before making the key of these labels. */
  charge(labels: LabelSet): void {
    this.next = keyLength(labels) + KEY_BYTES;
    this.budget.holdBytes(this.next);
  }

  /** The number of a key; `otherwise` becomes its number if it has none. */
  of(key: string, otherwise: number): number {
    const number = this.numbers.get(key);
    if (number === undefined) {
      this.numbers.set(key, otherwise);
      this.held += this.next;
      return otherwise;
    }
    this.budget.releaseBytes(this.next);
    return number;
  }

  /** Returns the memory of the keys to the budget. */
  release(): void {
    this.budget.releaseBytes(this.held);
  }
}

/** Bytes of an entry of a map whose keys are texts. */
const KEY_BYTES = 48;
