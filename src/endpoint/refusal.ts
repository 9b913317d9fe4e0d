import type { OutgoingHttpHeaders } from 'node:http';
import { messageOf } from '../common/errors';
import { Busy } from './busy';
import type { Route } from './route';

/** Seconds after which a refused client may retry. */
const RETRY_AFTER_S = 1;

/** The error answer to a request. */
export interface Refusal {
  status: number;
  text: string;
  headers?: OutgoingHttpHeaders;
}

/** The answer for an error: contains its message, never its stack. */
export function refusalFor(error: unknown): Refusal {
  if (error instanceof Busy)
    return { status: 503, text: `Busy: ${error.message}\n`, headers: { 'Retry-After': String(RETRY_AFTER_S) } };
  return { status: 500, text: `The scrape failed: ${messageOf(error)}\n` };
}

/** @returns undefined if the method is allowed */
export function methodRefusal(methods: Route['methods'], method: string | undefined): Refusal | undefined {
  const answered = methods.flatMap((one) => (one === 'GET' ? ['GET', 'HEAD'] : one));
  if (answered.includes(method ?? '')) return undefined;
  return { status: 405, text: 'Method not allowed\n', headers: { Allow: answered.join(', ') } };
}
