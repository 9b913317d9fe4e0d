import type { QueryLimits } from '../query/types';

/**
 * Limits of reading back points from a storage, in the worker that drains. A point takes some 60 bytes, and as many on
 * the thread that asked. There is no time limit: the event loop turns meanwhile.
 */
export const READING_LIMITS: QueryLimits = {
  maxSamples: 2_000_000,
  maxBytes: 64 * 2 ** 20,
  timeout: Number.POSITIVE_INFINITY,
};
