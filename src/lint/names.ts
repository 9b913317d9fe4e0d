import type { ScrapedFamily } from '../scrape/types';
import type { Report } from './rules';
import { abbreviatedUnit, foreignUnit } from './units';

const CAMEL_CASE = /[a-z][A-Z]/;
const TYPE_WORDS = ['counter', 'gauge', 'histogram', 'summary'];
const PERCENT = /_(?:percent|percents|percentage|pct)(?:_total)?$/;
/** Reserved suffixes of the lines of histograms and summaries, and the types that may have them. */
const SUFFIXES: readonly (readonly [suffix: string, types: readonly ScrapedFamily['type'][], owners: string])[] = [
  ['_bucket', ['histogram', 'gaugehistogram'], 'histograms'],
  ['_count', ['histogram', 'summary', 'gaugehistogram'], 'histograms and summaries'],
  ['_sum', ['histogram', 'summary', 'gaugehistogram'], 'histograms and summaries'],
];

/** Checks a metric's name, help and type against the field's conventions. */
export function lintNames(family: ScrapedFamily, report: Report): void {
  lintMetadata(family, report);
  lintSuffixes(family, report);
  lintUnits(family, report);
  lintSpelling(family, report);
}

function lintMetadata({ type, help, line }: ScrapedFamily, report: Report): void {
  if (!help?.trim())
    report(
      'no-help',
      'has no help text: nobody will know what it measures. Describe it, with the unit, in one sentence',
      {
        line,
      },
    );
  if (type === 'untyped')
    report('no-type', 'has no type: tools cannot tell whether to take its rate. Declare it as counter or gauge', {
      line,
    });
}

function lintSuffixes({ name, type, samples }: ScrapedFamily, report: Report): void {
  const names = new Set(samples.map((sample) => sample.name));
  names.delete(`${name}_created`);
  if (type === 'counter' && ![...(names.size === 0 ? [name] : names)].every((each) => each.endsWith('_total')))
    report('counter-total', `is a counter: name it ${name}_total, so that everybody knows to take its rate`);
  if (type !== 'counter' && type !== 'untyped' && name.endsWith('_total'))
    report('total-suffix', `is a ${type}, but the suffix _total is for counters. Rename it, or make it a counter`);
  if (type === 'untyped') return;
  for (const [suffix, types, owners] of SUFFIXES)
    if (name.endsWith(suffix) && !types.includes(type))
      report('reserved-suffix', `is a ${type}, but the suffix ${suffix} is for lines of ${owners}. Rename it`);
  if (name.endsWith('_created') && type === 'counter')
    report('reserved-suffix', 'is a counter, but the suffix _created is for the time of creation. Rename it');
  if (/_info(?:_total)?$/.test(name) && type !== 'gauge' && type !== 'info')
    report('reserved-suffix', `is a ${type}, but _info is for gauges that are always 1 and carry labels. Rename it`);
}

function lintUnits({ name, unit }: ScrapedFamily, report: Report): void {
  const foreign = foreignUnit(name);
  if (foreign)
    report(
      'unit-base',
      `measures in ${foreign.unit}: use ${foreign.base}, the base unit, so that it can be combined with other metrics`,
    );
  const short = abbreviatedUnit(name);
  if (short)
    report('unit-abbreviation', `abbreviates a unit (${short.unit}): write ${short.base} in full, and measure in that`);
  if (PERCENT.test(name)) report('percent', 'is in percent: use a ratio from 0 to 1 and the suffix _ratio');
  if (unit && !name.replace(/_total$/, '').endsWith(`_${unit}`))
    report('unit-suffix', `has the unit ${unit}, which its name must end in: ${name.replace(/_total$/, '')}_${unit}`);
}

function lintSpelling({ name, samples }: ScrapedFamily, report: Report): void {
  if (CAMEL_CASE.test(name)) report('camel-case', `is camelCase: write ${snakeCase(name)}`);
  if (name.includes(':')) report('colon', 'has a colon, which is for the results of recording rules. Use underscores');
  const word = TYPE_WORDS.find((each) => `${name.toLowerCase()}_`.includes(`_${each}_`));
  if (word !== undefined)
    report('type-in-name', `names its type (${word}): the type is known, and may change. Leave it out`);
  const labels = new Set<string>();
  for (const sample of samples) for (const [label] of sample.labels) labels.add(label);
  for (const label of labels)
    if (CAMEL_CASE.test(label)) report('camel-case', `has a camelCase label: write ${snakeCase(label)}`, { label });
}

function snakeCase(name: string): string {
  return name.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase();
}
