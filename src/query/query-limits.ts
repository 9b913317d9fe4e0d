import type { QueryLimits } from './types';

/** What an evaluation may take, unless it is said otherwise. */
export const QUERY_LIMITS: QueryLimits = { maxSamples: 10_000_000, maxBytes: 32 * 2 ** 20, timeout: 30_000 };
/** Queries that are evaluated at one time on one thread: more would only make each slower, and take its memory. */
export const QUERIES_AT_ONCE = 4;
/** Others that wait for those. */
export const QUERIES_WAITING = 64;
/** Milliseconds that a query may take unless its user says otherwise, waiting for others included. */
export const QUERY_TIMEOUT_MS = 30_000;
/** The time of an evaluation is limited from outside, where waiting for others counts too. */
export const ENGINE_LIMITS: Partial<QueryLimits> = { timeout: 2 ** 31 - 1 };
