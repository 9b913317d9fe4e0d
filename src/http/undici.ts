import type { MetricsCollector } from '../collector/collector';

/** Options of recording undici's requests. Every option has a default. */
export interface UndiciMetricsOptions {
  /** Default: the process's collector at the time of the request. */
  collector?: MetricsCollector;
  /** Prefix of every metric's name, such as `shop_`. Default none. */
  prefix?: string;
  /** Bounds of the duration histogram in seconds. Default 0.005 to 10. */
  buckets?: readonly number[];
  /** Hosts (with ports) that get a label value of their own, or their number. All others share one. Default 100. */
  hosts?: readonly string[] | number;
}

/**
 * Records the requests that undici makes on this thread: those of the global `fetch` and those of every copy of the
 * package. Each hop of a redirect, and each retry, is a request.
 *
 * @returns a function that stops it; requests that have begun are still recorded
 * @throws RingmeterError RINGMETER_INVALID_OPTION and the codes of bad names and buckets
 */
export function instrumentUndici(options?: UndiciMetricsOptions): () => void {
  const { openUndiciMeter } = require('./open-undici-meter') as typeof import('./open-undici-meter');
  const meter = openUndiciMeter(options);
  return () => meter.stop();
}
