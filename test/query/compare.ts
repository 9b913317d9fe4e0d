import { keyOf } from '../../dist/src/query/labels.js';
import type { QueryResult } from '../../dist/src/query/types.js';

/** What a query gave: per series the values by time in milliseconds, or a text; or that it was refused. */
export type Answer =
  | { error: string }
  | { error?: undefined; type: string; series: Map<string, Map<number, number | string>> };

/** Floats that differ by less, relative to the larger one, are equal. */
const TOLERANCE = 1e-12;

interface Body {
  status: string;
  error: string;
  data: {
    resultType: string;
    result: unknown;
  };
}

type Pair = [time: number, value: string];

/** Asks a Prometheus. */
export class Asked {
  constructor(private readonly base: string) {}

  instant(query: string, time: number): Promise<Answer> {
    return this.ask('query', { query, time: String(time / 1_000) });
  }

  range(query: string, start: number, end: number, step: number): Promise<Answer> {
    const times = { start: String(start / 1_000), end: String(end / 1_000), step: String(step / 1_000) };
    return this.ask('query_range', { query, ...times });
  }

  /** An expression as it writes it. */
  async format(query: string): Promise<string> {
    const body = new URLSearchParams({ query });
    const response = await fetch(`${this.base}/api/v1/format_query`, { method: 'POST', body });
    return ((await response.json()) as { data: string }).data;
  }

  private async ask(path: string, form: Record<string, string>): Promise<Answer> {
    const response = await fetch(`${this.base}/api/v1/${path}`, { method: 'POST', body: new URLSearchParams(form) });
    const { status, error, data } = (await response.json()) as Body;
    if (status !== 'success') return { error };
    const { resultType: type, result } = data;
    if (type === 'scalar' || type === 'string')
      return { type, series: new Map([['', valuesOf([result as Pair], type === 'string')]]) };
    const series = new Map<string, Map<number, number | string>>();
    for (const { metric, value, values } of result as {
      metric: Record<string, string>;
      value?: Pair;
      values?: Pair[];
    }[])
      series.set(keyOf(metric), valuesOf(value === undefined ? values! : [value]));
    return { type, series };
  }
}

function valuesOf(pairs: readonly Pair[], isText = false): Map<number, number | string> {
  return new Map(
    pairs.map(([time, value]) => [Math.round(time * 1_000), isText ? value : Number(value.replace('Inf', 'Infinity'))]),
  );
}

/** What the engine gave. */
export function told(result: QueryResult): Answer {
  const { type } = result;
  const series = new Map<string, Map<number, number | string>>();
  if (type === 'scalar' || type === 'string') series.set('', new Map([[result.time, result.value]]));
  else if (type === 'vector')
    for (const { labels, time, value } of result.samples) add(keyOf(labels), new Map([[time, value]]));
  else
    for (const { labels, times, values } of result.series)
      add(keyOf(labels), new Map(times.map((time, index) => [time, values[index]])));
  return { type, series };

  function add(key: string, values: Map<number, number>): void {
    if (series.has(key)) throw new Error(`two series with the same labels: ${key}`);
    series.set(key, values);
  }
}

/** In what two answers differ; undefined if in nothing. The series come in the order of their labels, or values, if one is told. */
export function difference(expected: Answer, actual: Answer, order: 'labels' | 'values' | 'none'): string | undefined {
  if (expected.error !== undefined || actual.error !== undefined) {
    if (expected.error !== undefined && actual.error !== undefined) return undefined;
    return `expected ${expected.error ?? 'an answer'}, got ${actual.error ?? 'an answer'}`;
  }
  if (expected.type !== actual.type) return `expected a ${expected.type}, got a ${actual.type}`;
  for (const key of new Set([...expected.series.keys(), ...actual.series.keys()])) {
    const [one, other] = [expected.series.get(key), actual.series.get(key)];
    if (one === undefined || other === undefined) return `series ${key} is ${one ? 'missing' : 'not expected'}`;
    for (const time of new Set([...one.keys(), ...other.keys()])) {
      const [value, given] = [one.get(time), other.get(time)];
      if (!isSame(value, given)) return `series ${key} at ${time}: expected ${value}, got ${given}`;
    }
  }
  if (order === 'none') return undefined;
  const [wanted, given] = [expected, actual].map(({ series }) =>
    order === 'labels'
      ? [...series.keys()].join('  ')
      : [...series.values()].map((values) => [...values.values()]).join(),
  );
  return wanted === given ? undefined : `expected the order ${wanted}, got ${given}`;
}

function isSame(a: number | string | undefined, b: number | string | undefined): boolean {
  if (typeof a !== 'number' || typeof b !== 'number') return a === b;
  return a === b || Object.is(a, b) || Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b));
}
