import { sendText } from './answer';
import type { MetricsPage } from './metrics-page';
import type { Route, RouteTable } from './route';

/** Public, since orchestrators send no credentials with their probes. */
const PROBE: Route = { methods: ['GET'], isPublic: true, serve: (exchange) => sendText(exchange, 200, 'OK\n') };

/** The routes that need no storage. */
export function basicRoutes(metrics: MetricsPage): RouteTable {
  return {
    '/metrics': { methods: ['GET'], serve: (exchange, { url }) => metrics.serve(exchange, url) },
    '/-/healthy': PROBE,
    '/-/ready': PROBE,
  };
}
