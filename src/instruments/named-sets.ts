import type { Labels } from './labels';

/** A label set that a callback has returned ("named"). */
interface NamedSet {
  readonly labels: Labels | undefined;
  /** Number of the last answer that named it. */
  answer: number;
}

/** Result of `keyOf` for no labels. */
const NO_LABELS = '[]';

/**
 * The label sets that one callback has returned: a series whose label set is missing from the next answer is removed.
 * The series without labels is not tracked: if it were removed, the metric would be shown as 0.
 */
export class NamedSets {
  private readonly sets = new Map<string, NamedSet>();
  private answer = 0;

  /** Begins a new answer: `unnamed` returns the sets that are not added again from now on. */
  begin(): void {
    this.answer++;
  }

  /** Adds a set to the answer. @param key undefined for labels that cannot be read: they have no series */
  add(key: string | undefined, labels: Labels | undefined): void {
    if (key === undefined || key === NO_LABELS) return;
    const known = this.sets.get(key);
    if (known !== undefined) known.answer = this.answer;
    // a copy: the callback may use the object again
    else this.sets.set(key, { labels: labels && { ...labels }, answer: this.answer });
  }

  has(key: string): boolean {
    return this.sets.has(key);
  }

  /** The sets of earlier answers that are missing from this one. */
  unnamed(): Map<string, Labels | undefined> {
    const unnamed = new Map<string, Labels | undefined>();
    for (const [key, { labels, answer }] of this.sets) if (answer !== this.answer) unnamed.set(key, labels);
    return unnamed;
  }

  forget(key: string): void {
    this.sets.delete(key);
  }
}

/** A text that is the same for all objects with the same labels; undefined if they cannot be read. */
export function keyOf(labels: Labels | undefined): string | undefined {
  if (labels === undefined) return NO_LABELS;
  try {
    return JSON.stringify(Object.entries(labels).map(String).sort());
  } catch {
    return undefined;
  }
}
