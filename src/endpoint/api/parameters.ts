import { parseDuration } from '../../common/duration';
import { messageOf } from '../../common/errors';
import { allMatchers } from '../../query/ast';
import { typeOf } from '../../query/check';
import { parseExpression } from '../../query/parse';
import type { Matcher } from '../../query/types';
import { type ApiFailure, badParameter } from './failure';

/** The texts that Prometheus' own clients send for "unbounded". */
const UNBOUNDED: ReadonlyMap<string, number> = new Map([
  ['-292273086-05-16T16:47:06Z', Number.NEGATIVE_INFINITY],
  ['292277025-08-18T07:12:54.999999999Z', Number.POSITIVE_INFINITY],
]);
/** Most selectors of one request: each needs a lookup of its own. */
const MOST_SELECTORS = 256;
/** Milliseconds that a Date can have. */
const FARTHEST = 8.64e15;

/** The parameters of an API request, parsed as Prometheus parses them. All methods throw ApiFailure. */
export class Parameters {
  constructor(private readonly given: URLSearchParams) {}

  text(name: string): string {
    return this.given.get(name) ?? '';
  }

  all(name: string): string[] {
    return this.given.getAll(name);
  }

  /** Seconds since 1970, or as RFC 3339 has it, in milliseconds. */
  time(name: string, fallback?: number): number {
    const text = this.text(name);
    if (text === '' && fallback !== undefined) return fallback;
    const time = UNBOUNDED.get(text) ?? readTime(text);
    if (time === undefined) throw badParameter(name, `cannot parse ${JSON.stringify(text)} to a valid timestamp`);
    return time;
  }

  /** Seconds, or a duration like `1m30s`, in milliseconds. */
  duration(name: string, fallback?: number): number {
    const text = this.text(name);
    if (text === '' && fallback !== undefined) return fallback;
    const seconds = readSeconds(text);
    const duration = seconds === undefined ? parseDuration(text) : Math.round(seconds * 1000);
    if (duration === undefined || Math.abs(duration) > FARTHEST)
      throw badParameter(name, `cannot parse ${JSON.stringify(text)} to a valid duration`);
    return duration;
  }

  /** A count; `fallback` if it is not given. */
  count(name: string, fallback: number): number {
    const text = this.text(name);
    if (text === '') return fallback;
    if (!/^[+-]?\d+$/.test(text)) throw badParameter(name, `${JSON.stringify(text)} is not an integer`);
    return Number(text);
  }

  /** The parameter `limit`; 0 = unlimited. */
  limit(): number {
    const limit = this.count('limit', 0);
    if (limit < 0) throw badParameter('limit', 'limit must be non-negative');
    return limit;
  }

  /** The checked parameter `query`. */
  expression(): string {
    const text = this.text('query');
    parse('query', text);
    return text;
  }

  /** The checked parameter `query`, of a type that range queries allow. */
  rangeExpression(): string {
    const text = this.text('query');
    const type = typeOf(parse('query', text));
    if (type === 'scalar' || type === 'vector') return text;
    throw badParameter('query', `a range query needs a scalar or an instant vector, got a ${type}`);
  }

  /** The selectors of `match[]`, parsed lazily: compiling their regular expressions can take a while. */
  *selectors(): Generator<readonly Matcher[]> {
    const all = this.all('match[]');
    if (all.length > MOST_SELECTORS)
      throw badParameter('match[]', `at most ${MOST_SELECTORS} selectors are allowed, got ${all.length}`);
    for (const text of all) {
      const node = parse('match[]', text);
      if (node.kind !== 'selector' || node.range !== undefined || node.offset !== undefined || node.at !== undefined)
        throw badParameter('match[]', `${JSON.stringify(text)} is not a series selector`);
      yield allMatchers(node);
    }
  }

  /** Whether a bound of `range` is given. */
  get hasRange(): boolean {
    return this.text('start') !== '' || this.text('end') !== '';
  }

  /** The parameters `start` and `end`; unbounded if they are missing. */
  range(): { start: number; end: number } {
    const start = this.time('start', Number.NEGATIVE_INFINITY);
    const end = this.time('end', Number.POSITIVE_INFINITY);
    if (end < start) throw endsEarly();
    return { start, end };
  }
}

export function endsEarly(): ApiFailure {
  return badParameter('end', 'end timestamp must not be before start time');
}

function parse(name: string, text: string): ReturnType<typeof parseExpression> {
  try {
    return parseExpression(text);
  } catch (error) {
    throw badParameter(name, messageOf(error));
  }
}

function readSeconds(text: string): number | undefined {
  const seconds = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined;
  return seconds !== undefined && Math.abs(seconds) * 1000 <= FARTHEST ? seconds : undefined;
}

function readTime(text: string): number | undefined {
  const seconds = readSeconds(text);
  if (seconds !== undefined) return Math.round(seconds * 1000);
  const isDate = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i.test(text);
  const time = isDate ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}
