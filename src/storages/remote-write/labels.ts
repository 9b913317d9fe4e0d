import { byName } from '../../common/names';
import type { LabelPairs } from '../../kinds/definition';

/**
 * Labels as the specification requires: sorted by name, the given labels added where the series has none of that name.
 * Names are ASCII, so comparing UTF-16 units compares bytes.
 */
export function completeLabels(own: LabelPairs, given: LabelPairs): LabelPairs {
  const missing = given.filter(([name]) => !own.some(([taken]) => taken === name));
  return missing.length === 0 ? own : sorted([...own, ...missing]);
}

/** Labels of an option, without empty values, which are the same as none. */
export function pairsOf(labels: Readonly<Record<string, string>>): LabelPairs {
  return sorted(Object.entries(labels).filter(([, value]) => value !== ''));
}

export function sorted(labels: LabelPairs): LabelPairs {
  return [...labels].sort(byName);
}

/** Visits two sorted lists in merged order. */
export function eachLabel(a: LabelPairs, b: LabelPairs, visit: (name: string, value: string) => void): void {
  let next = 0;
  for (const [name, value] of a) {
    for (; next < b.length && b[next][0] < name; next++) visit(b[next][0], b[next][1]);
    visit(name, value);
  }
  for (; next < b.length; next++) visit(b[next][0], b[next][1]);
}

export function areSame(a: LabelPairs, b: LabelPairs): boolean {
  return a.length === b.length && a.every(([name, value], index) => name === b[index][0] && value === b[index][1]);
}
