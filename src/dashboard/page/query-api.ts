import { serverNow } from './clock.js';
import type { Lines, Values } from './store.js';
import { view } from './view.js';

type Labels = Record<string, string>;
type Pair = [time: number, value: string];

/** A result of Prometheus' HTTP API. */
export type InstantResult =
  | { resultType: 'scalar' | 'string'; result: Pair }
  | { resultType: 'vector'; result: { metric: Labels; value: Pair }[] }
  | { resultType: 'matrix'; result: { metric: Labels; values: Pair[] }[] };

type Answer<T> = { status: 'success'; data: T } | { status: 'error'; error: string };

/** The error that was answered instead of a result. */
export class QueryFault extends Error {}

const POINTS = 300;
/** Most lines that a chart shows. */
const MOST_LINES = 24;

export function askNow(expression: string): Promise<InstantResult> {
  return ask('query', { query: expression, time: String(serverNow() / 1000) });
}

/** @returns the lines of a chart, and the number of series that the query returned */
export async function askRange(expression: string): Promise<{ lines: Lines; count: number }> {
  const step = Math.max(Math.ceil((view.minutes * 60) / POINTS), 1);
  const end = Math.floor(serverNow() / 1000 / step) * step;
  const start = end - view.minutes * 60;
  const given = { query: expression, start: String(start), end: String(end), step: String(step) };
  const { result } = await ask<Extract<InstantResult, { resultType: 'matrix' }>>('query_range', given);
  const times = Array.from({ length: (end - start) / step + 1 }, (_, index) => start + index * step);
  const lines: Lines = { times, values: new Map() };
  for (const { metric, values } of result.slice(0, MOST_LINES)) {
    const line: Values = times.map(() => null);
    for (const [time, value] of values) line[Math.round((time - start) / step)] = finite(Number(value));
    lines.values.set(seriesName(metric), line);
  }
  return { lines, count: result.length };
}

async function ask<T>(path: string, parameters: Record<string, string>): Promise<T> {
  const response = await fetch(`api/v1/${path}`, { method: 'POST', body: new URLSearchParams(parameters) });
  const isJson = response.headers.get('content-type')?.startsWith('application/json');
  if (!isJson) throw new QueryFault((await response.text()).trim() || `Status ${response.status}`);
  const answer: Answer<T> = await response.json();
  if (answer.status === 'success') return answer.data;
  throw new QueryFault(answer.error);
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** As Prometheus writes it: `name{label="value"}`. */
export function seriesName({ __name__: name = '', ...labels }: Labels): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return pairs.length > 0 || name === '' ? `${name}{${pairs.join(', ')}}` : name;
}
