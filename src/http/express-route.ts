import {
  type ExpressApp,
  type ExpressRoute,
  join,
  type Layer,
  matchOf,
  patternOf,
  patternTo,
  stackOf,
  UNKNOWN_MOUNT,
} from './express-layers';
import { type ExpressRequest, type Matched, matchedBy } from './express-match';
import type { AnyRequest } from './options';

/** The mounts that lead to a route, outermost first. */
type Way = readonly Layer[];

/** All ways from the outermost application to a route: a router that is mounted twice has two. */
interface Ways {
  readonly root: ExpressApp | undefined;
  readonly app: ExpressApp | undefined;
  ways: readonly Way[];
}

const known = new WeakMap<ExpressRoute, Ways[]>();

/** The pattern of the route that answered, mounts included: `/users/:id/orders/:order`. */
export function expressRoute(request: AnyRequest): string | undefined {
  const matched = matchedBy(request as ExpressRequest);
  const { route, root, baseUrl } = matched;
  if (route === undefined) return undefined;
  // a router without express: the mounts cannot be found from the request
  if (root === undefined) return join(baseUrl === '' ? '' : UNKNOWN_MOUNT, route.path);
  // a function that calls the router hides it
  return join(mountPattern(matched, route) ?? patternTo(stackOf(root), baseUrl, []) ?? '', route.path);
}

function mountPattern({ root, app, baseUrl }: Matched, route: ExpressRoute): string | undefined {
  const here = waysTo(route, root, app);
  const found = patternAlongOne(here.ways, baseUrl);
  if (found !== undefined) return found;
  // mounts may have been added since
  here.ways = search(stackOf(root), new Target(route, root, app), []);
  return patternAlongOne(here.ways, baseUrl);
}

function waysTo(route: ExpressRoute, root: ExpressApp | undefined, app: ExpressApp | undefined): Ways {
  const all = known.get(route) ?? [];
  const found = all.find((one) => one.root === root && one.app === app);
  if (found !== undefined) return found;
  const ways = { root, app, ways: search(stackOf(root), new Target(route, root, app), []) };
  known.set(route, [...all, ways]);
  return ways;
}

/** The route that is searched for, and the applications on the way to it. */
class Target {
  private readonly chain: readonly ExpressApp[];

  constructor(
    readonly route: ExpressRoute,
    root: ExpressApp | undefined,
    app: ExpressApp | undefined,
  ) {
    const chain: ExpressApp[] = [];
    for (let one = app; one !== undefined && one !== root; one = one.parent) chain.unshift(one);
    this.chain = chain;
  }

  /** The stack below a layer. `apps` counts the applications mounted with `use` on the way to the layer. */
  below({ name, handle }: Layer, apps: number): { stack: readonly Layer[] | undefined; apps: number } {
    // express hides the application in a function of this name
    if (name === 'mounted_app') return { stack: this.chain[apps] && stackOf(this.chain[apps]), apps: apps + 1 };
    const isApp = typeof handle?.handle === 'function' && typeof handle.set === 'function';
    // a router treats an application as a plain function, so an application mounted by a router has no parent
    if (isApp) return { stack: stackOf(handle as ExpressApp), apps: handle === this.chain[apps] ? apps + 1 : apps };
    return { stack: handle?.stack, apps };
  }
}

function search(stack: readonly Layer[], target: Target, way: Way, apps = 0): Way[] {
  return stack.flatMap((layer) => {
    if (layer.route === target.route) return [way];
    // a router may be mounted below itself
    if (way.includes(layer) || layer.route !== undefined) return [];
    const below = target.below(layer, apps);
    return below.stack === undefined ? [] : search(below.stack, target, [...way, layer], below.apps);
  });
}

function patternAlongOne(ways: readonly Way[], baseUrl: string): string | undefined {
  for (const way of ways) {
    const pattern = patternAlong(way, baseUrl);
    if (pattern !== undefined) return pattern;
  }
  return undefined;
}

/** The joined pattern of a way's mounts for a path; undefined if they do not match the whole path. */
function patternAlong(way: Way, path: string): string | undefined {
  let pattern = '';
  let rest = path;
  for (const layer of way) {
    const match = matchOf(layer, rest || '/');
    if (match === undefined) return undefined;
    pattern += patternOf(match);
    rest = rest.slice(match.path.length);
  }
  return rest === '' ? pattern : undefined;
}
