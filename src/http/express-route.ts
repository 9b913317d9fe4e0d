import type { AnyRequest } from './options';

/** What is read of an express request; all of it may be missing, as connect has none. */
export interface ExpressRequest extends AnyRequest {
  route?: ExpressRoute;
  baseUrl?: string;
  originalUrl?: string;
  app?: ExpressApp;
}

interface ExpressRoute {
  path: unknown;
}

interface ExpressApp {
  /** The pattern it is mounted at. */
  mountpath?: unknown;
  parent?: ExpressApp;
  /** Express 5. */
  router?: { stack?: Layer[] };
  /** Express 4, whose `router` throws. */
  _router?: { stack?: Layer[] };
}

/** An entry of a router: a route, a router, or any other function. */
interface Layer {
  route?: ExpressRoute;
  handle?: { stack?: Layer[] };
  /** What it is mounted at is in the result, or, with older routers, in the layer. */
  match(path: string): boolean | Partial<Match>;
  path?: string;
  params?: Record<string, string | string[]>;
}

interface Match {
  path: string;
  params: Record<string, string | string[]>;
  /** The pattern, with routers that keep it. */
  pattern: unknown;
}

/** The routers that lead to a route, and the pattern that makes of their mounts. */
interface Mounting {
  readonly layers: readonly Layer[];
  pattern?: string;
}

/** Where a route was found: a router that is mounted twice leads to it in two ways. */
interface Found {
  readonly app: ExpressApp | undefined;
  readonly mountings: readonly Mounting[];
}

const found = new WeakMap<ExpressRoute, Found>();

/** The pattern of the route that answered, mounts included: `/users/:id/orders/:order`. */
export function expressRoute(request: AnyRequest): string | undefined {
  const { route, app, baseUrl = '', originalUrl } = request as ExpressRequest;
  if (route === undefined) return undefined;
  let known = found.get(route);
  // a request whose error left a mounted application is its parent's, which does not lead to the route
  if (known === undefined || (known.mountings.length === 0 && known.app !== app)) {
    known = { app, mountings: mountingsOf(app, route) };
    found.set(route, known);
  }
  return join(mountPattern(known.mountings, app, originalUrl) ?? baseUrl, route.path);
}

function mountingsOf(app: ExpressApp | undefined, route: ExpressRoute): Mounting[] {
  const mountings: Mounting[] = [];
  const search = (stack: readonly Layer[], layers: readonly Layer[]): void => {
    for (const layer of stack)
      if (layer.route === route) mountings.push({ layers });
      // a router may be mounted below itself
      else if (layer.handle?.stack !== undefined && !layers.includes(layer))
        search(layer.handle.stack, [...layers, layer]);
  };
  search((app?._router ?? app?.router)?.stack ?? [], []);
  return mountings;
}

function mountPattern(known: readonly Mounting[], app: ExpressApp | undefined, url = '/'): string | undefined {
  if (known.length === 1 && known[0].pattern !== undefined) return known[0].pattern;
  const appPattern = mountOf(app);
  const path = withoutSegments(url.split('?', 1)[0], segmentsOf(appPattern));
  for (const mounting of known) {
    const pattern = patternAlong(mounting.layers, path);
    if (pattern === undefined) continue;
    mounting.pattern ??= appPattern + pattern;
    return mounting.pattern;
  }
  return undefined;
}

/** The pattern at which an app is mounted in its parents. */
function mountOf(app: ExpressApp | undefined): string {
  return app?.parent === undefined ? '' : join(mountOf(app.parent), app.mountpath);
}

const segmentsOf = (pattern: string): number => pattern.split('/').length - 1;

function withoutSegments(path: string, count: number): string {
  return count === 0
    ? path
    : `/${path
        .split('/')
        .slice(count + 1)
        .join('/')}`;
}

/** What the mounts of these routers are along a path; undefined if they do not match it. */
function patternAlong(layers: readonly Layer[], path: string): string | undefined {
  let pattern = '';
  let rest = path;
  for (const layer of layers) {
    const match = matchOf(layer, rest);
    if (match === undefined) return undefined;
    pattern = join(pattern, match.pattern ?? withNames(match));
    rest = rest.slice(match.path.length) || '/';
  }
  return pattern;
}

function matchOf(layer: Layer, path: string): Match | undefined {
  const match = layer.match(path);
  if (match === false) return undefined;
  const { path: matched = '', params = {}, pattern } = match === true ? (layer as Partial<Match>) : match;
  return { path: matched, params, pattern };
}

/** The pattern made from what it matched: the values of its parameters, in their order, are their names again. */
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
function join(mount: string, path: unknown): string {
  if (Array.isArray(path)) return path.map((one) => join(mount, one)).join('|');
  const text = String(path);
  return text === '/' && mount !== '' ? mount : mount + text;
}
