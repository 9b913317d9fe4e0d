/** A pattern of values that should not be label values. */
export interface Smell {
  rule: 'label-uuid' | 'label-email' | 'label-timestamp' | 'label-path-id' | 'label-address' | 'label-id';
  looksLike: string;
  matches(value: string): boolean;
  /** Least number of distinct matching values. */
  least: number;
  /** Least share of the distinct values that match. */
  share: number;
}

const UUID = /[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/i;
const HEX = /^(?:0x)?(?=[\da-f]*\d)(?=[\da-f]*[a-f])[\da-f]{12,}$/i;
const EMAIL = /^[^\s@/]+@[^\s@/]+\.[a-z]{2,}$/i;
/** ISO 8601 with a time, or seconds, milliseconds, micro- or nanoseconds since 1970 in this century. */
const TIMESTAMP = /^(?:\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*|[1-3]\d{9}(?:\.\d+)?|[1-3]\d{12}|[1-3]\d{15}|[1-3]\d{18})$/;
const IPV4 = /^(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?$/;
const IPV6 = /^\[?(?=[\da-f:]*:[\da-f:]*:)[\da-f:]{4,}\]?(?::\d+)?$/i;
const NUMBER = /^-?\d{1,20}$/;
/** A path or URL with a segment that is a number of some digits, a UUID or a long hexadecimal number; or with a query. */
const PATH = /^(?:[a-z][a-z\d+.-]*:\/)?\/\S*$/i;
const ID_SEGMENT = new RegExp(
  `/(?:\\d{2,}|${UUID.source}|(?=[\\da-f]*\\d)(?=[\\da-f]*[a-f])[\\da-f]{12,})(?=[/?#]|$)|\\?.*=`,
  'i',
);

/** In order of precedence: only the first match is reported. */
export const SMELLS: readonly Smell[] = [
  smell('label-path-id', 'paths with ids in them', (value) => PATH.test(value) && ID_SEGMENT.test(value), 2, 0),
  smell('label-uuid', 'UUIDs', (value) => UUID.test(value), 2, 0.25),
  smell('label-email', 'e-mail addresses', (value) => EMAIL.test(value), 1, 0.25),
  smell('label-timestamp', 'timestamps', (value) => TIMESTAMP.test(value), 2, 0.5),
  smell('label-id', 'hexadecimal ids', (value) => HEX.test(value), 2, 0.25),
  smell('label-address', 'network addresses', (value) => IPV4.test(value) || IPV6.test(value), 10, 0.5),
];

function smell(rule: Smell['rule'], looksLike: string, matches: Smell['matches'], least: number, share: number): Smell {
  return { rule, looksLike, matches, least, share };
}

/** Least number of distinct numbers, and least maximum: status codes and CPU numbers are no ids. */
const LEAST_NUMBERS = 10;
const LARGEST_SMALL_NUMBER = 999;

/** Whether a label's values look like numeric ids, which grow without bound. */
export function areNumericIds(values: readonly string[]): boolean {
  if (values.length < LEAST_NUMBERS || !values.every((value) => NUMBER.test(value))) return false;
  return values.some((value) => Number(value) > LARGEST_SMALL_NUMBER);
}
