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
  /** Has to answer, or to throw: Busy is answered with 503, everything else with 500. */
  serve(exchange: Exchange, target: Target): void | Promise<void>;
}

/** Routes by their paths, in which `:name` stands for one part of any text. */
export type RouteTable = Readonly<Record<string, Route>>;
