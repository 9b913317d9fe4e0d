import { AsyncResource } from 'node:async_hooks';

/**
 * The async context in which this module was loaded.
 *
 * Timers, promises and handles keep the `AsyncLocalStorage` stores of the context in which they are made. Objects that
 * ringmeter makes lazily would retain the first request in memory, and run callbacks in its context.
 *
 * Node has no empty context: if the package is first loaded within a request, everything runs in the context of that
 * request, which is then retained once per thread, however many collectors there are. Load the package when the process
 * starts.
 */
const root = new AsyncResource('ringmeter', { requireManualDestroy: true });

/** Calls `make` in the root context: the objects that it makes, and their callbacks, belong to no request. */
export function inRootContext<T>(make: () => T): T {
  return root.runInAsyncScope(make);
}
