import type { Exchange } from './exchange';

/** What a request asks for, apart from what its exchange has. */
export interface Target {
  url: URL;
  /** What stands in the path where the route's has names (`/values/:label`), decoded. */
  parts: Readonly<Record<string, string>>;
}

export interface Route {
  /** HEAD is answered where GET is. */
  readonly methods: readonly ('GET' | 'POST')[];
  /** Whether GET is answered without credentials: only where the answer tells nothing. */
  readonly isPublic?: boolean;
  /** Whether a link on a page of another site may lead here. */
  readonly isLinkable?: boolean;
  /** Has to answer, or to throw: Busy is answered with 503, everything else with 500. */
  serve(exchange: Exchange, target: Target): void | Promise<void>;
}

/** Routes by their paths, in which `:name` stands for one part of any text. */
export type RouteTable = Readonly<Record<string, Route>>;
