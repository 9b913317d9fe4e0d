import type { ExpressApp, ExpressRoute } from './express-layers';
import type { AnyRequest } from './options';

/** Property of a request: its last route, with application and base URL. */
const ROUTE = Symbol('ringmeter.route');
const APP = Symbol('ringmeter.app');
const BASE = Symbol('ringmeter.base');
/** Property of a request: the outermost application that answers it. */
const ROOT = Symbol('ringmeter.root');

/** The properties of an express request that are read; all are missing in connect. */
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
  /** The part of the path that the mounts above the route matched. */
  readonly baseUrl: string;
}

/**
 * Notes the routes that express chooses for a request. Express resets the application and the base URL of the request
 * when an error leaves a mount, so both are noted when `request.route` is set.
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
