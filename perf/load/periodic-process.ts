import { setTimeout as sleep } from 'node:timers/promises';
import { answerWith } from './messages';
import { scrape } from './scraper';

const INTERVAL_MS = 1000;

/** A URL to scrape every second from now on; none: stop. */
export interface PeriodicRequest {
  url?: string;
}

/** Of the scrapes since the start. */
export interface Periodic {
  scrapes: number;
  bytes: number;
}

let stopped = false;
let running: Promise<void> = Promise.resolve();
const seen: Periodic = { scrapes: 0, bytes: 0 };

/** Never two scrapes at a time: one that takes longer than the interval is followed by the next at once, as with Prometheus. */
async function scrapeAgainAndAgain(url: string): Promise<void> {
  while (!stopped) {
    const began = performance.now();
    const { bytes } = await scrape({ url, gzip: false, unread: true });
    seen.scrapes++;
    seen.bytes = bytes;
    await sleep(Math.max(INTERVAL_MS - (performance.now() - began), 0));
  }
}

answerWith(async ({ url }: PeriodicRequest): Promise<Periodic> => {
  if (url === undefined) {
    stopped = true;
    await running;
  } else {
    running = scrapeAgainAndAgain(url);
    running.catch(() => {});
  }
  return seen;
});
