import { formatLabels } from '../common/go-string';
import { byName } from '../common/names';
import type { LabelPairs } from '../kinds/definition';

/** A unique key of a label set, independent of the order. @param without a label to leave out */
export function seriesKey(labels: LabelPairs, without?: string): string {
  const rest = without === undefined ? labels : labels.filter(([name]) => name !== without);
  if (rest.length === 0) return '';
  if (rest.length === 1) return JSON.stringify(rest[0]);
  return JSON.stringify([...rest].sort(byName));
}

export function labelValue(labels: LabelPairs, wanted: string): string | undefined {
  for (const [name, value] of labels) if (name === wanted) return value;
  return undefined;
}

/** `{a="b"}` for a message; nothing without labels. */
export function shownLabels(labels: LabelPairs, without?: string): string {
  const rest = labels.filter(([name]) => name !== without);
  return rest.length === 0 ? '' : `{${formatLabels(rest)}}`;
}
