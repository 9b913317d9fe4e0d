import { serverNow } from './clock.js';

/** How much of the past all charts show. */
export const view = { minutes: 15 };

/** The time that is shown, in seconds. */
export function shownTime(): { from: number; to: number } {
  const to = serverNow() / 1000;
  return { from: to - view.minutes * 60, to };
}
