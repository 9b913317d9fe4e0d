// not the globals: some realms have none, or replace node's timers
import { clearInterval, setInterval } from 'node:timers';

/** The `jest` object in every module of a test file; each test file has its own realm and copy of the package. */
interface Jest {
  isEnvironmentTornDown?(): boolean;
}

declare const jest: Jest | undefined;

const LOOK_MS = 50;

const callbacks = new Set<() => void>();
let watch: NodeJS.Timeout | undefined;

/** Whether the realm of this copy of the package has been torn down, so that no module can be loaded any more. */
export function isRealmOver(): boolean {
  return jestHere()?.isEnvironmentTornDown?.() === true;
}

/**
 * Calls back when the realm ends. There is no event for that, so it polls, but only where a realm can end before its
 * thread. Keeps nothing alive. Returns an unsubscribe function.
 */
export function onRealmEnd(callback: () => void): () => void {
  if (jestHere()?.isEnvironmentTornDown === undefined) return () => {};
  callbacks.add(callback);
  watch ??= setInterval(look, LOOK_MS).unref();
  return () => {
    callbacks.delete(callback);
    if (callbacks.size === 0) stop();
  };
}

function look(): void {
  if (!isRealmOver()) return;
  stop();
  for (const callback of [...callbacks]) callback();
}

function stop(): void {
  clearInterval(watch);
  watch = undefined;
}

function jestHere(): Jest | undefined {
  return typeof jest === 'undefined' ? withoutGlobals : jest;
}

/** With `injectGlobals: false`, the `jest` object must be required from a module that jest provides itself. */
const withoutGlobals = loadJest();

function loadJest(): Jest | undefined {
  if (typeof jest !== 'undefined' || process.env.JEST_WORKER_ID === undefined) return undefined;
  try {
    return (require('@jest/globals') as { jest?: Jest }).jest;
  } catch {
    // child processes of tests inherit the environment variable
    return undefined;
  }
}
