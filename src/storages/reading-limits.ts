import type { QueryLimits } from '../query/types';

/**
 * What reading back the points of a storage may take, in the worker that drains. A point takes some 60 bytes, and again
 * as many on the thread that asked. There is no limit of time: the event loop turns meanwhile.
 */
export const READING_LIMITS: QueryLimits = {
  maxSamples: 2_000_000,
  maxBytes: 64 * 2 ** 20,
  timeout: Number.POSITIVE_INFINITY,
};
