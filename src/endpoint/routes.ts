import type { IncomingMessage } from 'node:http';
import { sendError, sendText } from './answer';
import type { Exchange } from './exchange';
import type { MetricsPage } from './metrics-page';

type Serve = (exchange: Exchange, url: URL) => void | Promise<void>;

const ALLOW = { Allow: 'GET, HEAD' };

/** Answers requests by their paths. */
export class Routes {
  private readonly pages: Map<string, Serve>;

  constructor(metrics: MetricsPage) {
    this.pages = new Map<string, Serve>([
      ['/metrics', (exchange, url) => metrics.serve(exchange, url)],
      ['/-/healthy', (exchange) => sendText(exchange, 200, 'OK\n')],
    ]);
  }

  async answer(exchange: Exchange): Promise<void> {
    try {
      await this.route(exchange);
    } catch (error) {
      sendError(exchange, error);
    }
  }

  private route(exchange: Exchange): void | Promise<void> {
    const { method, url: target } = exchange.request;
    const url = targetUrl(exchange.request);
    // a question about the server as a whole
    if (method === 'OPTIONS' && target === '*') return sendText(exchange, 405, 'Method not allowed\n', ALLOW);
    if (url === undefined) return sendText(exchange, 400, 'Bad request\n');
    const page = this.pages.get(url.pathname);
    if (page === undefined) return sendText(exchange, 404, 'Not found. Try /metrics\n');
    if (method !== 'GET' && method !== 'HEAD') return sendText(exchange, 405, 'Method not allowed\n', ALLOW);
    return page(exchange, url);
  }
}

/** A request names a path, or, as if it were sent to a proxy, a whole URL (RFC 9112, 3.2.1 and 3.2.2). */
function targetUrl({ url: target = '' }: IncomingMessage): URL | undefined {
  // an absolute base keeps paths such as //x from being read as hosts
  const url = target.startsWith('/') ? `http://endpoint${target}` : target;
  return /^http:\/\//i.test(url) && URL.canParse(url) ? new URL(url) : undefined;
}
