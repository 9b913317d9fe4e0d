import { sendText } from './answer';
import type { MetricsPage } from './metrics-page';
import type { RouteTable } from './route';

/** What an endpoint answers without any storage. */
export function basicRoutes(metrics: MetricsPage): RouteTable {
  return {
    '/metrics': { methods: ['GET'], serve: (exchange, { url }) => metrics.serve(exchange, url) },
    '/-/healthy': { methods: ['GET'], serve: (exchange) => sendText(exchange, 200, 'OK\n') },
  };
}
