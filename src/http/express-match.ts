import type { ExpressApp, ExpressRoute } from './express-layers';
import type { AnyRequest } from './options';

/** On a request: where it was when express last chose a route. */
const ROUTE = Symbol('ringmeter.route');
const APP = Symbol('ringmeter.app');
const BASE = Symbol('ringmeter.base');
/** On a request: the outermost application that it is answered by. */
const ROOT = Symbol('ringmeter.root');

/** What is read of an express request; all of it may be missing, as connect has none. */
export interface ExpressRequest extends AnyRequest {
  route?: ExpressRoute;
  baseUrl?: string;
  app?: ExpressApp;
  [ROUTE]?: ExpressRoute;
  [APP]?: ExpressApp;
  [BASE]?: string;
  [ROOT]?: ExpressApp;
}

/** A route that answers a request, and where it was reached. */
export interface Matched {
  readonly route: ExpressRoute | undefined;
  readonly root: ExpressApp | undefined;
  /** The application whose route it is. */
  readonly app: ExpressApp | undefined;
  /** The part of the path that the mounts above the route took up. */
  readonly baseUrl: string;
}

/**
 * Follows which routes express chooses for a request. Express takes the application and the base URL off the request when
 * an error leaves a mount, so both are noted at the moment when `request.route` is set.
 */
export function followRoute(request: ExpressRequest): void {
  const { app } = request;
  if (app === undefined) return;
  request[ROOT] = outermost(app);
  const shared = Object.getPrototypeOf(Object.getPrototypeOf(request));
  // express's own prototype of requests, which those of all its applications inherit
  if (shared === null || shared === Object.prototype || Object.hasOwn(shared, 'route')) return;
  Object.defineProperty(shared, 'route', { get: readRoute, set: noteRoute, configurable: true });
}

export function matchedBy(request: ExpressRequest): Matched {
  const { route, app, baseUrl = '' } = request;
  const isNoted = route !== undefined && route === request[ROUTE];
  return {
    route,
    root: request[ROOT] ?? app,
    app: isNoted ? request[APP] : app,
    baseUrl: isNoted ? (request[BASE] ?? '') : baseUrl,
  };
}

function outermost(app: ExpressApp): ExpressApp {
  let found = app;
  while (found.parent !== undefined) found = found.parent;
  return found;
}

function readRoute(this: ExpressRequest): ExpressRoute | undefined {
  return this[ROUTE];
}

function noteRoute(this: ExpressRequest, route: ExpressRoute | undefined): void {
  this[ROUTE] = route;
  this[APP] = this.app;
  this[BASE] = this.baseUrl;
}
