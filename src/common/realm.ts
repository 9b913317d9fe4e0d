// not the globals: there are realms that have none, or whose timers are not node's
import { clearInterval, setInterval } from 'node:timers';

/** What jest gives to every module of a test file, which has a realm, and a copy of the package, of its own. */
interface Jest {
  isEnvironmentTornDown?(): boolean;
}

declare const jest: Jest | undefined;

const LOOK_MS = 50;

const callbacks = new Set<() => void>();
let watch: NodeJS.Timeout | undefined;

/** Whether the realm that this copy of the package was loaded in has come to its end: nothing can be loaded any more. */
export function isRealmOver(): boolean {
  return jestHere()?.isEnvironmentTornDown?.() === true;
}

/**
 * Calls back when the realm ends. No event tells of that: it is looked for now and then, only where a realm can end before
 * its thread does. Keeps nothing alive. Returns how to be called no more.
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

/** With `injectGlobals: false`, jest has to be asked for, by a name that it answers itself. */
const withoutGlobals = loadJest();

function loadJest(): Jest | undefined {
  if (typeof jest !== 'undefined' || process.env.JEST_WORKER_ID === undefined) return undefined;
  try {
    return (require('@jest/globals') as { jest?: Jest }).jest;
  } catch {
    // a process that a test started has the variable too
    return undefined;
  }
}
