import type { HttpMetricsOptions } from './options';
import type { ServerMeter } from './server-meter';

/**
 * Makes a meter of server requests. Its module is loaded only here: not every program that records has a server.
 *
 * @throws RingmeterError RINGMETER_INVALID_OPTION and the codes of bad names, labels and buckets
 */
export function openServerMeter<Request>(options: HttpMetricsOptions<Request> | undefined): ServerMeter {
  const { resolveHttpOptions } = require('./options') as typeof import('./options');
  const { ServerMeter } = require('./server-meter') as typeof import('./server-meter');
  return new ServerMeter(resolveHttpOptions(options));
}
