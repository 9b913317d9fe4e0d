import type { IncomingMessage } from 'node:http';
// not the globals: there are realms that have none, or whose timers are not node's
import { clearTimeout, setTimeout } from 'node:timers';
import { Busy } from './busy';

/** The part of a scraper's patience that may be used up: an answer needs some time on its way. */
const SHARE = 0.9;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

type Asked = Pick<IncomingMessage, 'headers'>;

/** Milliseconds that the client will wait, as Prometheus says with every scrape; without end if it does not say. */
function patienceOf({ headers }: Asked): number {
  const seconds = Number(headers['x-prometheus-scrape-timeout-seconds']);
  return seconds > 0 ? seconds * 1_000 * SHARE : Number.POSITIVE_INFINITY;
}

/** What is being made for a client. @throws Busy as soon as the client, whose request began then, would get it too late */
export async function inTime<T>(request: Asked, began: number, work: Promise<T>): Promise<T> {
  const deadline = began + patienceOf(request);
  const left = deadline - performance.now();
  if (left > LONGEST_TIMER_MS) return work;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, left).unref();
  });
  try {
    const made = await Promise.race([work, late]);
    // a thread that was busy with the work has not heard of its timer
    if (made !== undefined && performance.now() <= deadline) return made;
  } finally {
    clearTimeout(timer);
  }
  throw new Busy('the scraper would not wait long enough');
}
