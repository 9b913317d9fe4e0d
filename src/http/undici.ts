import type { MetricsCollector } from '../collector';
import { checkInteger, checkOptions, checkString } from '../options-check';
import { BoundedLabel } from './bounded-label';
import { ClientDefinitions } from './client-metrics';
import { checkCollector } from './options';
import { UndiciMeter } from './undici-meter';

/** What is recorded of requests that undici makes. Every option has a default. */
export interface UndiciMetricsOptions {
  /** Default: the process's collector at the time of the request. */
  collector?: MetricsCollector;
  /** Stands before every metric's name, as it is: `shop_`. Default none. */
  prefix?: string;
  /** Bounds of the duration histogram in seconds. Default 0.005 to 10. */
  buckets?: readonly number[];
  /** Hosts, with their ports, that have a label of their own, or how many of them. All others share one. Default 100. */
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
  const given = checkOptions('undici metrics options', options, ['collector', 'prefix', 'buckets', 'hosts']);
  const meter = new UndiciMeter(
    checkCollector(given.collector),
    new ClientDefinitions(checkString('prefix', given.prefix, ''), given.buckets),
    new BoundedLabel(checkHosts(given.hosts)),
  );
  return () => meter.stop();
}

function checkHosts(hosts: unknown): readonly string[] | number {
  if (!Array.isArray(hosts)) return checkInteger('hosts', hosts, 100, 0, 10_000);
  return hosts.map((host) => checkString('hosts', host, ''));
}
