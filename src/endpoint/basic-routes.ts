import { sendText } from './answer';
import type { MetricsPage } from './metrics-page';
import type { Route, RouteTable } from './route';

/** Orchestrators send no credentials with their probes. */
const PROBE: Route = { methods: ['GET'], isPublic: true, serve: (exchange) => sendText(exchange, 200, 'OK\n') };

/** What an endpoint answers without any storage. */
export function basicRoutes(metrics: MetricsPage): RouteTable {
  return {
    '/metrics': { methods: ['GET'], serve: (exchange, { url }) => metrics.serve(exchange, url) },
    '/-/healthy': PROBE,
    '/-/ready': PROBE,
  };
}
