import { expressionOf, type Key } from './express-pattern';

/** What is read of a route of express. */
export interface ExpressRoute {
  path: unknown;
}

/** What is read of an application of express. */
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
  /** What it is mounted at is in the result, or, with older routers, in the layer. */
  match(path: string): boolean | Partial<Match>;
  path?: string;
  params?: Record<string, string | string[]>;
  /** Express 4. */
  regexp?: RegExp;
  keys?: readonly Key[];
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

/** The pattern of the mounts that take up all of a path, whatever is mounted there. */
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

export function patternOf(match: Match): string {
  return withoutSlash(match.pattern === undefined ? withNames(match) : join('', match.pattern));
}

const withoutSlash = (mount: string): string => (mount.endsWith('/') ? mount.slice(0, -1) : mount);

/**
 * For routers before 2.3, which keep no pattern: what was matched, with the names of the parameters in the place of their
 * values.
 */
function withNames({ path, params }: Match): string {
  let pattern = '';
  let rest = decoded(path);
  for (const [name, param] of Object.entries(params)) {
    // a wildcard's value may be in segments
    const value = Array.isArray(param) ? param.join('/') : param;
    if (typeof value !== 'string' || value === '') continue;
    const at = `${rest}/`.indexOf(`/${value}/`);
    const start = at === -1 ? rest.indexOf(value) : at + 1;
    if (start === -1) continue;
    pattern += `${rest.slice(0, start)}:${name}`;
    rest = rest.slice(start + value.length);
  }
  return pattern + rest;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** A mount and what is below it. Several patterns stand side by side; a regular expression is its text. */
export function join(mount: string, path: unknown): string {
  if (Array.isArray(path)) return path.map((one) => join(mount, one)).join('|');
  const text = String(path);
  return text === '/' && mount !== '' ? mount : mount + text;
}
