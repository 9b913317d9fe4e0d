import { AsyncResource } from 'node:async_hooks';

/**
 * The async context in which this module was loaded.
 *
 * Timers, promises and handles keep the `AsyncLocalStorage` stores of the context in which they are made. What ringmeter
 * makes lazily, and keeps, would hold the request that happened to come first, and run callbacks in its context.
 *
 * Node offers no way to an empty context: where the package itself is first loaded within a request, that one context is
 * what all of this runs in. It is then kept once for the thread, however many collectors there are. Load the package when
 * the process starts.
 */
const root = new AsyncResource('ringmeter', { requireManualDestroy: true });

/** Calls `make` in the root context. What it makes, and everything that comes of that, belongs to no request. */
export function inRootContext<T>(make: () => T): T {
  return root.runInAsyncScope(make);
}
