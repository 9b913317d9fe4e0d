import { parseDecimal } from '../../common/parse-float';
import { labelOf } from '../../query/labels';
import type { Allowance } from './allowance';
import { humanize, humanize1024, humanizeDuration, humanizePercentage, humanizeTimestamp } from './humanize';
import { TemplateError } from './lexer';
import { goText, joined, printf } from './printf';
import { matches, replaceAll } from './regex';

/** A result of `query` as templates see it. */
export interface TemplateSample {
  readonly Labels: Readonly<Record<string, string>>;
  readonly Value: number;
}

type TemplateFunction = (this: Allowance, ...values: never[]) => unknown;

/** Go's truth of a value: neither empty nor zero. */
export function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return value !== undefined && value !== '' && value !== 0 && value !== false;
}

function toNumber(value: unknown): number {
  const number = typeof value === 'string' ? parseDecimal(value) : value;
  if (typeof number === 'number') return number;
  throw new TemplateError(`${goText(value)} is not a number`);
}

const ofNumber = (show: (value: number) => string) => (value: unknown) => show(toNumber(value));

function compare(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  throw new TemplateError(`${goText(a)} and ${goText(b)} cannot be compared`);
}

function entry(value: unknown, key: string | number): unknown {
  const found = typeof value === 'object' && value !== null && Object.hasOwn(value, key);
  if (!found && Array.isArray(value)) throw new TemplateError(`the index ${key} is out of range`);
  return found ? (value as Record<string | number, unknown>)[key] : '';
}

/** Functions of Go's text/template and Prometheus, except `query`, `and` and `or`. `this`: the expansion's budget. */
export const FUNCTIONS: Readonly<Record<string, TemplateFunction>> = {
  not: (value: unknown) => !isTrue(value),
  eq: (first: unknown, ...others: unknown[]) => others.some((other) => first === other),
  ne: (a: unknown, b: unknown) => a !== b,
  lt: (a: unknown, b: unknown) => compare(a, b) < 0,
  le: (a: unknown, b: unknown) => compare(a, b) <= 0,
  gt: (a: unknown, b: unknown) => compare(a, b) > 0,
  ge: (a: unknown, b: unknown) => compare(a, b) >= 0,
  len: (value: string | readonly unknown[] | object) =>
    typeof value === 'string' || Array.isArray(value) ? value.length : Object.keys(value ?? {}).length,
  index: (value: unknown, ...keys: (string | number)[]) => keys.reduce(entry, value),
  print: (...values: unknown[]) => joined(values, goText),
  println: (...values: unknown[]) => `${joined(values, goText, ' ')}\n`,
  printf: (format: string, ...values: unknown[]) => printf(String(format), values),

  humanize: ofNumber(humanize),
  humanize1024: ofNumber(humanize1024),
  humanizeDuration: ofNumber(humanizeDuration),
  humanizePercentage: ofNumber(humanizePercentage),
  humanizeTimestamp: ofNumber(humanizeTimestamp),
  title: (text: string) =>
    String(text).replace(/(^|[^\p{L}\p{N}_'])(\p{L})/gu, (_, before, letter) => before + letter.toUpperCase()),
  toUpper: (text: string) => String(text).toUpperCase(),
  toLower: (text: string) => String(text).toLowerCase(),
  match(pattern: string, text: string) {
    return matches(this, String(pattern), String(text));
  },
  reReplaceAll(pattern: string, replacement: string, text: string) {
    return replaceAll(this, String(pattern), String(replacement), String(text));
  },
  stripPort: (address: string) =>
    String(address)
      .replace(/:\d+$/, '')
      .replace(/^\[(.*)\]$/, '$1'),
  stripDomain: (address: string) => String(address).replace(/^([^.:\d][^.:]*)\.[^:]*/, '$1'),

  first: (samples: readonly TemplateSample[]) => {
    if (Array.isArray(samples) && samples.length > 0) return samples[0];
    throw new TemplateError('first() called on vector with no elements');
  },
  value: (sample: TemplateSample) => sample.Value,
  label: (name: string, sample: TemplateSample) => labelOf(sample.Labels, name),
  strvalue: (sample: TemplateSample) => labelOf(sample.Labels, '__value__'),
  sortByLabel: (name: string, samples: readonly TemplateSample[]) =>
    [...samples].sort((a, b) => compare(labelOf(a.Labels, name), labelOf(b.Labels, name))),
};
