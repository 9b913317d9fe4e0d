// not the globals: there are realms that have none, or whose timers are not node's
import { setImmediate } from 'node:timers';

/**
 * Resolves after the event loop has turned: a loop that awaits this in each of its rounds leaves timers and sockets their
 * turn. Promises that are resolved already do not: their continuations all run before the event loop goes on.
 */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
