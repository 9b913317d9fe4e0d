import { formatExponent, formatFixed, formatGeneral, formatNonFinite } from '../../common/format-float';
import { quote } from '../../common/go-string';
import { byName } from '../../common/names';
import { checkLength } from './allowance';
import { TemplateError } from './lexer';

const VERB = /%(?<flags>[-+ 0#]*)(?<width>\d+)?(?:\.(?<precision>\d+))?(?<verb>[a-zA-Z%])/g;
const DEFAULT_PRECISION = 6;

/**
 * Go's `fmt.Sprintf`, for texts, numbers and booleans. Source: the documentation of Go's package fmt.
 *
 * @throws TemplateError for a verb that is not supported, or an argument that is missing; RingmeterError
 *   RINGMETER_QUERY_LIMIT
 */
export function printf(format: string, values: readonly unknown[]): string {
  let next = 0;
  let { length } = format;
  const text = format.replace(VERB, (whole, ...rest) => {
    const { flags, width = '0', precision, verb } = rest.at(-1) as Record<string, string>;
    if (verb === '%') return '%';
    if (next >= values.length) throw new TemplateError(`printf ${JSON.stringify(format)} has no argument for ${whole}`);
    const digits = precision === undefined ? undefined : Number(precision);
    const shown = verbText(verb, values[next++], digits, flags.includes('+'));
    length += Math.max(shown.length, Number(width));
    checkLength(length);
    return padded(shown, Number(width), flags);
  });
  if (next < values.length) throw new TemplateError(`printf ${JSON.stringify(format)} has too many arguments`);
  return text;
}

function padded(text: string, width: number, flags: string): string {
  if (flags.includes('-')) return text.padEnd(width);
  if (!flags.includes('0')) return text.padStart(width);
  const sign = /^[-+]/.exec(text)?.[0] ?? '';
  return sign + text.slice(sign.length).padStart(width - sign.length, '0');
}

function verbText(verb: string, value: unknown, precision: number | undefined, plus: boolean): string {
  if (verb === 'v') return goText(value);
  if (verb === 's') return goText(value).slice(0, precision);
  if (verb === 'q') return quote(goText(value));
  if (verb === 't') return String(value === true);
  const number = typeof value === 'number' ? value : Number.NaN;
  const text = numberText(verb, number, precision);
  return plus && number >= 0 && Number.isFinite(number) ? `+${text}` : text;
}

function numberText(verb: string, value: number, given: number | undefined): string {
  if (!'fFeEgGdxX'.includes(verb)) throw new TemplateError(`printf does not support %${verb}`);
  if (!Number.isFinite(value)) return formatNonFinite(value);
  if (verb === 'd') return String(Math.trunc(value));
  if (verb === 'x') return Math.trunc(value).toString(16);
  if (verb === 'X') return Math.trunc(value).toString(16).toUpperCase();
  if (verb === 'g' || verb === 'G') return formatGeneral(value, given);
  return (verb === 'f' || verb === 'F' ? formatFixed : formatExponent)(value, given ?? DEFAULT_PRECISION);
}

/** A value as Go's templates print it. */
export function goText(value: unknown): string {
  if (value === undefined) return '<no value>';
  if (typeof value === 'number') return formatGeneral(value);
  if (Array.isArray(value)) return `[${joined(value, goText, ' ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const entries = Object.entries(value).sort(byName);
  return `map[${joined(entries, ([key, one]) => `${key}:${goText(one)}`, ' ')}]`;
}

/** The texts of some values, one after the other. */
export function joined<T>(values: readonly T[], show: (value: T) => string, separator = ''): string {
  let text = '';
  for (const [index, value] of values.entries()) {
    if (index > 0) text += separator;
    text += show(value);
    checkLength(text.length);
  }
  return text;
}
