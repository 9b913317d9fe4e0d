import { type ExpressRoute, join, type Layer, matchOf, patternOf, patternTo, withoutSlash } from './express-layers';
import type { AnyRequest } from './options';

/** What is read of an express request; all of it may be missing, as connect has none. */
export interface ExpressRequest extends AnyRequest {
  route?: ExpressRoute;
  baseUrl?: string;
  originalUrl?: string;
  app?: ExpressApp;
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

/** One way to a route: the routers that lead to it, and the pattern that their mounts make. */
interface Way {
  readonly routers: readonly Layer[];
  /** The route's own. */
  readonly last: Layer;
  pattern?: string;
}

/** The ways to a route in an application: a router that is mounted twice leads to its routes in two. */
interface Ways {
  readonly app: ExpressApp | undefined;
  readonly ways: readonly Way[];
}

const known = new WeakMap<ExpressRoute, Ways[]>();

/** The pattern of the route that answered, mounts included: `/users/:id/orders/:order`. */
export function expressRoute(request: AnyRequest): string | undefined {
  const { route, app, baseUrl = '', originalUrl = '/' } = request as ExpressRequest;
  if (route === undefined) return undefined;
  const mount =
    mountPattern(waysTo(route, app), app, baseUrl, originalUrl) ??
    // a function that calls the router hides it
    (app === undefined ? baseUrl : patternTo(stackOf(app), baseUrl, []));
  return join(mount ?? '', route.path);
}

function waysTo(route: ExpressRoute, app: ExpressApp | undefined): readonly Way[] {
  const all = known.get(route) ?? [];
  let here = all.find((one) => one.app === app);
  if (here === undefined) {
    here = { app, ways: search(stackOf(app), route, []) };
    known.set(route, [...all, here]);
  }
  // a request whose error left a mounted application is its parent's, which does not lead to the route
  return here.ways.length > 0 ? here.ways : (all.find(({ ways }) => ways.length > 0)?.ways ?? []);
}

const stackOf = (app: ExpressApp | undefined): readonly Layer[] => (app?._router ?? app?.router)?.stack ?? [];

function search(stack: readonly Layer[], route: ExpressRoute, routers: readonly Layer[]): Way[] {
  return stack.flatMap((layer) => {
    if (layer.route === route) return [{ routers, last: layer }];
    // a router may be mounted below itself
    const below = routers.includes(layer) ? undefined : layer.handle?.stack;
    return below === undefined ? [] : search(below, route, [...routers, layer]);
  });
}

function mountPattern(
  ways: readonly Way[],
  app: ExpressApp | undefined,
  baseUrl: string,
  url: string,
): string | undefined {
  if (ways.length === 1 && ways[0].pattern !== undefined) return ways[0].pattern;
  const appPattern = mountOf(app);
  const mounted = (path: string): string => withoutSegments(path, segmentsOf(appPattern));
  for (const way of ways) {
    // the second if the error left the routers, which takes the mounts away
    const pattern =
      patternAlong(way, mounted(baseUrl), (rest) => rest === '') ??
      patternAlong(way, mounted(url.split('?', 1)[0]), (rest) => matchOf(way.last, rest || '/') !== undefined);
    if (pattern === undefined) continue;
    way.pattern ??= appPattern + pattern;
    return way.pattern;
  }
  return undefined;
}

/** The pattern at which an app is mounted in its parents. */
function mountOf(app: ExpressApp | undefined): string {
  return app?.parent === undefined ? '' : mountOf(app.parent) + withoutSlash(join('', app.mountpath));
}

const segmentsOf = (pattern: string): number => pattern.split('|', 1)[0].split('/').length - 1;

function withoutSegments(path: string, count: number): string {
  return count === 0 ? path : path.replace(new RegExp(`^(?:/[^/]*){0,${count}}`), '');
}

/** What the mounts of a way are along a path; undefined if they do not match, or what they leave over does not fit. */
function patternAlong({ routers }: Way, path: string, fits: (rest: string) => boolean): string | undefined {
  let pattern = '';
  let rest = path;
  for (const layer of routers) {
    const match = matchOf(layer, rest || '/');
    if (match === undefined) return undefined;
    pattern += patternOf(match);
    rest = rest.slice(match.path.length);
  }
  return fits(rest) ? pattern : undefined;
}
