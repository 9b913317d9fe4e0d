import type { IncomingMessage } from 'node:http';
// not the globals: some realms have none, or replace node's timers
import { clearTimeout, setTimeout } from 'node:timers';
import { Busy } from './busy';

/** The share of a scraper's timeout that may be used: sending the answer takes some time, too. */
const SHARE = 0.9;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

type Asked = Pick<IncomingMessage, 'headers'>;

/** The client's timeout in milliseconds, which Prometheus sends with every scrape; Infinity if it sends none. */
function timeoutOf({ headers }: Asked): number {
  const seconds = Number(headers['x-prometheus-scrape-timeout-seconds']);
  return seconds > 0 ? seconds * 1_000 * SHARE : Number.POSITIVE_INFINITY;
}

/** Awaits `work`. @throws Busy as soon as the client, whose request began at `began`, would get the answer too late */
export async function inTime<T>(request: Asked, began: number, work: Promise<T>): Promise<T> {
  const deadline = began + timeoutOf(request);
  const left = deadline - performance.now();
  if (left > LONGEST_TIMER_MS) return work;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, left).unref();
  });
  try {
    const made = await Promise.race([work, late]);
    // the timer cannot fire while the work blocks the thread: check the clock as well
    if (made !== undefined && performance.now() <= deadline) return made;
  } finally {
    clearTimeout(timer);
  }
  throw new Busy('the answer was not ready within the timeout of the scraper');
}
