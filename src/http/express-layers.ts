/** What is read of a route of express. */
export interface ExpressRoute {
  path: unknown;
}

/** An entry of a router: a route, a router, or any other function. */
export interface Layer {
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
  const match = layer.match(path);
  if (match === false) return undefined;
  const { path: matched = '', params = {}, pattern } = match === true ? (layer as Partial<Match>) : match;
  return { path: matched, params, pattern };
}

export function patternOf(match: Match): string {
  return withoutSlash(match.pattern === undefined ? withNames(match) : join('', match.pattern));
}

export const withoutSlash = (mount: string): string => (mount.endsWith('/') ? mount.slice(0, -1) : mount);

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
export function join(mount: string, path: unknown): string {
  if (Array.isArray(path)) return path.map((one) => join(mount, one)).join('|');
  const text = String(path);
  return text === '/' && mount !== '' ? mount : mount + text;
}
