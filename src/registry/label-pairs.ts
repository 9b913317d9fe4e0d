import { byName } from '../common/names';
import type { LabelPairs } from '../kinds/definition';

/** Numbers and booleans are shown as JavaScript's `String` shows them: `200` and `'200'` are the same label value. */
export type LabelValue = string | number | boolean;

/**
 * A label set as the registry stores it: sorted, with the collector's default labels. The set may override a default,
 * also by an empty value. The pairs of the set itself are reused, not copied.
 */
export function toPairs(own: LabelPairs, defaults: LabelPairs): LabelPairs {
  const pairs = [...own];
  for (const fallback of defaults) if (!own.some(([name]) => name === fallback[0])) pairs.push(fallback);
  return pairs.sort(byName);
}
