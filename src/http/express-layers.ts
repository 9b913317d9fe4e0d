import { expressionOf, type Key } from './express-pattern';
import type { Matcher } from './express-probe';

/** The properties of an express route that are read. */
export interface ExpressRoute {
  path: unknown;
}

/** The properties of an express application that are read. */
export interface ExpressApp {
  /** The application that it is mounted in with `use`. */
  parent?: ExpressApp;
  /** Where it was mounted last. */
  mountpath?: unknown;
  /** Express 5. */
  router?: { stack?: Layer[] };
  /** Express 4, whose `router` throws. */
  _router?: { stack?: Layer[] };
}

/** An entry of a router: a route, a router, an application, or any other function. */
export interface Layer {
  name?: string;
  route?: ExpressRoute;
  handle?: { stack?: Layer[]; handle?: unknown; set?: unknown };
  /** The mount path is in the result; with older routers, in the layer. */
  match(path: string): boolean | Partial<Match>;
  path?: string;
  params?: Record<string, string | string[]>;
  /** Express 4. */
  regexp?: RegExp;
  keys?: readonly Key[];
  /** Routers from 2.0 on. */
  matchers?: readonly Matcher[];
}

export interface Match {
  path: string;
  params: Record<string, string | string[]>;
  /** The pattern, with routers that keep it. */
  pattern: unknown;
}

export function stackOf(app: ExpressApp | undefined): readonly Layer[] {
  try {
    return (app?._router ?? app?.router)?.stack ?? [];
  } catch {
    // an application of express 4 without routes
    return [];
  }
}

/** The joined pattern of the mounts that match a whole path, whatever is mounted there. */
export function patternTo(stack: readonly Layer[], path: string, within: readonly Layer[]): string | undefined {
  for (const layer of stack) {
    const match = layer.route === undefined && !within.includes(layer) ? matchOf(layer, path) : undefined;
    if (match === undefined) continue;
    const rest = path.slice(match.path.length);
    const below =
      rest === '' && match.path !== '' ? '' : patternTo(layer.handle?.stack ?? [], rest, [...within, layer]);
    if (below !== undefined) return patternOf(match) + below;
  }
  return undefined;
}

export function matchOf(layer: Layer, path: string): Match | undefined {
  const found = layer.match(path);
  if (found === false) return undefined;
  const { path: matched = '', params = {}, pattern } = found === true ? (layer as Partial<Match>) : found;
  const match = { path: matched, params, pattern };
  return { ...match, pattern: expressionOf(layer, match, path) };
}

/** Replaces a mount whose pattern is unknown: the request's own path there could have unbounded values. */
export const UNKNOWN_MOUNT = '/*';

export function patternOf(match: Match): string {
  return withoutSlash(match.pattern === undefined ? UNKNOWN_MOUNT : join('', match.pattern));
}

const withoutSlash = (mount: string): string => (mount.endsWith('/') ? mount.slice(0, -1) : mount);

/** Joins a mount and the path below it. Alternatives are listed side by side; a regular expression becomes its text. */
export function join(mount: string, path: unknown): string {
  if (Array.isArray(path)) return path.map((one) => join(mount, one)).join('|');
  const text = String(path);
  return text === '/' && mount !== '' ? mount : mount + text;
}
