import type { LabelPairs } from './definition';

/** Numbers and booleans are shown as JavaScript's `String` shows them: `200` and `'200'` are the same label value. */
export type LabelValue = string | number | boolean;

/** Names and values of a label set, in the order of the caller's object. */
export type LabelEntries = readonly (readonly [name: string, value: LabelValue])[];

/**
 * The same as the registry keeps it: with the collector's default labels, which the set may override, and without empty
 * values, since Prometheus does not tell an empty label from none. So no two series show the same labels.
 */
export function toPairs(entries: LabelEntries, defaults: LabelPairs): LabelPairs {
  const pairs: [string, string][] = [];
  for (const [name, value] of entries) if (value !== '') pairs.push([name, String(value)]);
  for (const [name, value] of defaults)
    if (value !== '' && !entries.some(([present]) => present === name)) pairs.push([name, value]);
  return pairs.length < 2 ? pairs : pairs.sort(([a], [b]) => (a < b ? -1 : 1));
}
