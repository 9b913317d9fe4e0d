import { excerpt } from '../common/errors';
import type { ScrapedFamily } from '../scrape/types';
import type { Report } from './rules';
import { areNumericIds, SMELLS } from './smells';

/** Distinct values of one label above which the linter gives advice. */
const MANY_VALUES = 100;
/** Distinct values that are examined: so many suffice to classify a label. */
const MOST_LOOKED_AT = 10_000;
/** Characters of a value that are examined. */
const LONGEST_LOOKED_AT = 1_000;
/** The overflow label of this library's collectors, on the series for label sets beyond the limit. */
const OVERFLOW = 'ringmeter_overflow';
/** Labels reserved by the format, and the types that have them. */
const OWN: Record<string, readonly ScrapedFamily['type'][]> = {
  le: ['histogram', 'gaugehistogram'],
  quantile: ['summary'],
};
/** Labels that Prometheus sets for the whole target. */
const TARGET = new Set(['job', 'instance']);

/** Checks the names of a metric's labels, and the shape of their values. */
export function lintLabels(family: ScrapedFamily, report: Report): void {
  for (const [label, values] of valuesByLabel(family)) {
    lintName(label, family, report);
    if (label === OVERFLOW)
      report(
        'cardinality-overflow',
        'has more series than its limit: the series beyond it are added up in one. Find the label with too many values',
        { label },
      );
    else if (!Object.hasOwn(OWN, label)) lintValues(label, [...values], report);
  }
}

function valuesByLabel({ samples }: ScrapedFamily): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const { labels } of samples)
    for (const [label, value] of labels) {
      let values = found.get(label);
      if (values === undefined) {
        values = new Set();
        found.set(label, values);
      }
      if (values.size < MOST_LOOKED_AT)
        values.add(value.length > LONGEST_LOOKED_AT ? value.slice(0, LONGEST_LOOKED_AT) : value);
    }
  return found;
}

function lintName(label: string, { type }: ScrapedFamily, report: Report): void {
  if (label.startsWith('__'))
    report(
      'label-reserved',
      `has a label ${label}: names that begin with __ are reserved for Prometheus, which drops them. Rename it`,
      { label },
    );
  if (TARGET.has(label))
    report(
      'label-target',
      `has a label ${label}, which Prometheus sets itself: yours becomes exported_${label}. Rename it`,
      { label },
    );
  if (type !== 'untyped' && Object.hasOwn(OWN, label) && !OWN[label].includes(type))
    report(
      'label-le-quantile',
      `is a ${type}, but has a label ${label}, which is for ${label === 'le' ? 'histograms' : 'summaries'}. Rename it`,
      { label },
    );
}

function lintValues(label: string, values: readonly string[], report: Report): void {
  const smell = SMELLS.find(({ matches, least, share }) => {
    const matching = values.filter(matches).length;
    return matching >= least && matching >= share * values.length;
  });
  const advice = 'each value makes a series that stays for ever. Remove the label, or put it into logs and traces';
  if (smell?.rule === 'label-path-id')
    report(
      smell.rule,
      `has ${smell.looksLike} in the label ${label}, as ${example(values, smell.matches)}: each id makes a series. Use the pattern of the route, such as /users/:id`,
      { label },
    );
  else if (smell)
    report(
      smell.rule,
      `has ${smell.looksLike} in the label ${label}, as ${example(values, smell.matches)}: ${advice}`,
      { label },
    );
  else if (areNumericIds(values))
    report(
      'label-id',
      `has numbers in the label ${label}, as ${JSON.stringify(values.at(-1))}, that look like ids: ${advice}`,
      { label },
    );
  if (values.length > MANY_VALUES)
    report(
      'label-many',
      `has ${values.length === MOST_LOOKED_AT ? 'at least ' : ''}${values.length} values of the label ${label}: every other label and bucket multiplies them. Group them, or leave it out`,
      { label },
    );
}

function example(values: readonly string[], matches: (value: string) => boolean): string {
  return excerpt(values.find(matches) ?? '', 60);
}
