// not the globals: there are realms that have none, or whose timers are not node's
import { setImmediate } from 'node:timers';

/**
 * Resolves after the event loop has turned, so a loop that awaits this in each round does not starve timers and
 * sockets. Awaiting resolved promises would: all their continuations run before the event loop goes on.
 */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
