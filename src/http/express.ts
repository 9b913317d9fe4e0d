import type { IncomingMessage, ServerResponse } from 'node:http';
import { openServerMeter } from './open-server-meter';
import type { AnyRequest, HttpMetricsOptions } from './options';
import type { AnyResponse } from './watch-response';

/** A middleware of express, connect, NestJS or whoever calls one with node's request and response. */
export type Middleware = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;

/**
 * A middleware that records requests, to be used before all others. Routes are express's patterns, those of mounts and
 * of mounted applications included.
 *
 * @throws RingmeterError RINGMETER_INVALID_OPTION and the codes of bad names, labels and buckets
 */
export function expressMetrics<Request = IncomingMessage>(options?: HttpMetricsOptions<Request>): Middleware {
  const meter = openServerMeter(options);
  const { expressRoute } = require('./express-route') as typeof import('./express-route');
  const { followRoute } = require('./express-match') as typeof import('./express-match');
  return function metrics(request: AnyRequest, response: AnyResponse, next: () => void): void {
    followRoute(request);
    meter.observe(request, response, expressRoute);
    next();
  };
}
