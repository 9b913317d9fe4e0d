import type { QueryLimits } from './types';

/** Default limits of an evaluation. */
export const QUERY_LIMITS: QueryLimits = { maxSamples: 10_000_000, maxBytes: 32 * 2 ** 20, timeout: 30_000 };
/** Queries evaluated concurrently on one thread: more would only make each slower and take more memory. */
export const QUERIES_AT_ONCE = 4;
/** Queries that may wait for those. */
export const QUERIES_WAITING = 64;
/** Default timeout of a query in milliseconds, waiting time included. */
export const QUERY_TIMEOUT_MS = 30_000;
/** The engine has no timeout of its own: its caller applies one that includes the waiting time. */
export const ENGINE_LIMITS: Partial<QueryLimits> = { timeout: 2 ** 31 - 1 };
