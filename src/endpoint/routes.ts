import type { IncomingMessage } from 'node:http';
import type { Access } from './access';
import { sendError, sendRefusal, sendText } from './answer';
import type { Exchange } from './exchange';
import { methodRefusal } from './refusal';
import type { Route, RouteTable, Target } from './route';

const NOT_FOUND = 'Not found. Try /metrics\n';

/** A path with parameters. */
interface Pattern {
  expression: RegExp;
  route: Route;
}

/** Dispatches requests by path, after checking access. */
export class Routes {
  private readonly exact: ReadonlyMap<string, Route>;
  private readonly patterns: readonly Pattern[];

  constructor(
    table: RouteTable,
    private readonly access: Access,
  ) {
    const isPattern = ([path]: [string, Route]): boolean => path.includes(':');
    this.exact = new Map(Object.entries(table).filter((entry) => !isPattern(entry)));
    this.patterns = Object.entries(table)
      .filter(isPattern)
      .map(([path, route]) => ({ expression: new RegExp(`^${path.replace(/:(\w+)/g, '(?<$1>[^/]+)')}$`), route }));
  }

  async answer(exchange: Exchange): Promise<void> {
    try {
      await this.route(exchange);
    } catch (error) {
      sendError(exchange, error);
    }
  }

  private route(exchange: Exchange): void | Promise<void> {
    const { request } = exchange;
    const { method = '', url: named = '' } = request;
    const url = targetUrl(request);
    const found = url && this.find(url);
    const refusal = this.access.refusal(request, named.startsWith('/') ? undefined : url, found?.route);
    if (refusal !== undefined) return sendRefusal(exchange, refusal);
    // `OPTIONS *` asks about the server as a whole
    if (method === 'OPTIONS' && named === '*') return sendRefusal(exchange, methodRefusal(['GET'], method)!);
    if (url === undefined) return sendText(exchange, 400, 'Bad request\n');
    if (found === undefined) return sendText(exchange, 404, NOT_FOUND);
    const wrongMethod = methodRefusal(found.route.methods, method);
    if (wrongMethod !== undefined) return sendRefusal(exchange, wrongMethod);
    return found.route.serve(exchange, { url, parts: found.parts });
  }

  private find(url: URL): { route: Route; parts: Target['parts'] } | undefined {
    const route = this.exact.get(url.pathname);
    if (route !== undefined) return { route, parts: {} };
    for (const { expression, route } of this.patterns) {
      const { groups } = expression.exec(url.pathname) ?? {};
      const parts = groups && decoded(groups);
      if (parts !== undefined) return { route, parts };
    }
    return undefined;
  }
}

/** Percent-decodes the path parameters. @returns undefined if one is malformed */
function decoded(groups: Record<string, string>): Target['parts'] | undefined {
  try {
    return Object.fromEntries(Object.entries(groups).map(([name, text]) => [name, decodeURIComponent(text)]));
  } catch {
    return undefined;
  }
}

/** Parses a request target in origin form (a path) or absolute form (a URL); RFC 9112, 3.2.1 and 3.2.2. */
function targetUrl({ url: target = '' }: IncomingMessage): URL | undefined {
  // an absolute base keeps paths such as //x from being read as hosts
  const url = target.startsWith('/') ? `http://endpoint${target}` : target;
  return /^https?:\/\//i.test(url) && URL.canParse(url) ? new URL(url) : undefined;
}
