import type { IncomingHttpHeaders } from 'node:http';
import type { Endpoint } from 'ringmeter';
import { fetchFrom, type Wish } from '../client';

export type Given = Record<string, string | readonly string[]>;

export interface ApiAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  json: {
    status: 'success' | 'error';
    // biome-ignore lint/suspicious/noExplicitAny: whatever has been answered
    data?: any;
    errorType?: string;
    error?: string;
    warnings?: string[];
  };
}

export function baseOf({ url }: Endpoint): string {
  return new URL(url).origin;
}

export function formOf(given: Given): string {
  const pairs = Object.entries(given).flatMap(([name, values]) => [values].flat().map((value) => [name, value]));
  return new URLSearchParams(pairs as [string, string][]).toString();
}

/** What an API, ours or that of a real Prometheus, answers to GET. */
export async function get(base: string, path: string, given: Given = {}, wish: Wish = {}): Promise<ApiAnswer> {
  return answered(await fetchFrom(`${base}/api/v1/${path}?${formOf(given)}`, wish));
}

/** The same, asked with POST. */
export async function post(base: string, path: string, given: Given = {}): Promise<ApiAnswer> {
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
  return answered(await fetchFrom(`${base}/api/v1/${path}`, { method: 'POST', headers, body: formOf(given) }));
}

function answered({ status, headers, body }: Awaited<ReturnType<typeof fetchFrom>>): ApiAnswer {
  return { status, headers, json: JSON.parse(body.toString()) };
}
