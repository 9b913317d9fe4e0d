import type { Exchange } from './exchange';

/** The parsed target of a request. */
export interface Target {
  url: URL;
  /** The decoded path parameters of a route like `/values/:label`. */
  parts: Readonly<Record<string, string>>;
}

export interface Route {
  /** HEAD is answered where GET is. */
  readonly methods: readonly ('GET' | 'POST')[];
  /** Whether GET needs no credentials: only for answers that reveal nothing. */
  readonly isPublic?: boolean;
  /** Whether a link on a page of another site may lead here. */
  readonly isLinkable?: boolean;
  /** Must answer or throw: Busy becomes a 503, any other error a 500. */
  serve(exchange: Exchange, target: Target): void | Promise<void>;
}

/** Routes by path; `:name` matches one path segment. */
export type RouteTable = Readonly<Record<string, Route>>;
