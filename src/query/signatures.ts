import type { ValueType } from './ast';

/** The types of a function's arguments and its result. */
export interface Signature {
  readonly args: readonly ValueType[];
  /** How many of the last arguments may be left out; -1: the last one may come any number of times, or not at all. */
  readonly optional: number;
  readonly result: ValueType;
}

function signature(args: readonly ValueType[], result: ValueType = 'vector', optional = 0): Signature {
  return { args, optional, result };
}

function all(names: string, one: Signature): [string, Signature][] {
  return names.split(' ').map((name) => [name, one]);
}

const ofVector = signature(['vector']);
const ofMatrix = signature(['matrix']);

/** The functions of Prometheus 2.42 over floats. Source: Prometheus documentation 2.42, "Query functions". */
export const SIGNATURES: ReadonlyMap<string, Signature> = new Map([
  ...all('abs absent acos acosh asin asinh atan atanh ceil cos cosh deg exp floor ln log10 log2 rad sgn', ofVector),
  ...all('sin sinh sort sort_desc sqrt tan tanh timestamp', ofVector),
  ...all('absent_over_time avg_over_time changes count_over_time delta deriv idelta increase irate', ofMatrix),
  ...all('last_over_time max_over_time min_over_time present_over_time rate resets', ofMatrix),
  ...all('stddev_over_time stdvar_over_time sum_over_time', ofMatrix),
  ...all(
    'day_of_month day_of_week day_of_year days_in_month hour minute month year',
    signature(['vector'], 'vector', 1),
  ),
  ['clamp', signature(['vector', 'scalar', 'scalar'])],
  ['clamp_max', signature(['vector', 'scalar'])],
  ['clamp_min', signature(['vector', 'scalar'])],
  ['histogram_quantile', signature(['scalar', 'vector'])],
  ['holt_winters', signature(['matrix', 'scalar', 'scalar'])],
  ['label_join', signature(['vector', 'string', 'string', 'string'], 'vector', -1)],
  ['label_replace', signature(['vector', 'string', 'string', 'string', 'string'])],
  ['pi', signature([], 'scalar')],
  ['predict_linear', signature(['matrix', 'scalar'])],
  ['quantile_over_time', signature(['scalar', 'matrix'])],
  ['round', signature(['vector', 'scalar'], 'vector', 1)],
  ['scalar', signature(['vector'], 'scalar')],
  ['time', signature([], 'scalar')],
  ['vector', signature(['scalar'])],
]);

/** Aggregation operators, and the type of their parameter beside the vector. */
export const AGGREGATIONS: ReadonlyMap<string, ValueType | undefined> = new Map<string, ValueType | undefined>([
  ...'sum min max avg group stddev stdvar count'.split(' ').map((name) => [name, undefined] as const),
  ['count_values', 'string'],
  ['bottomk', 'scalar'],
  ['topk', 'scalar'],
  ['quantile', 'scalar'],
]);

export const COMPARISONS: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=']);
export const SET_OPERATORS: ReadonlySet<string> = new Set(['and', 'or', 'unless']);

/** Operators that drop the metric's name from the result. Prometheus 2.42 does not include `atan2`. */
export const ARITHMETIC: ReadonlySet<string> = new Set(['+', '-', '*', '/', '%', '^']);

/** How strongly an operator binds. */
export function precedenceOf(operator: string): number {
  if (operator === 'or') return 1;
  if (SET_OPERATORS.has(operator)) return 2;
  if (COMPARISONS.has(operator)) return 3;
  if (operator === '+' || operator === '-') return 4;
  return operator === '^' ? 6 : 5;
}

/** Precedence of a unary sign: that of a multiplication. */
export const UNARY_PRECEDENCE = 5;
