import { setTimeout as sleep } from 'node:timers/promises';
import { answerWith } from './messages';
import { Scraper } from './scraper';

const INTERVAL_MS = 1000;

/** A URL to scrape every second from now on; none: stop, until it is asked again. */
export interface PeriodicRequest {
  url?: string;
}

/** Of the scrapes since the start. */
export interface Periodic {
  scrapes: number;
  bytes: number;
}

const scraper = new Scraper();
let pause = new AbortController();
let running: Promise<void> = Promise.resolve();
const seen: Periodic = { scrapes: 0, bytes: 0 };

/** Never two scrapes at a time: one that takes longer than the interval is followed by the next at once, as with Prometheus. */
async function scrapeAgainAndAgain(url: string, { signal }: AbortController): Promise<void> {
  while (!signal.aborted) {
    const began = performance.now();
    const { bytes } = await scraper.scrape({ url, gzip: false, unread: true });
    seen.scrapes++;
    seen.bytes = bytes;
    await sleep(Math.max(INTERVAL_MS - (performance.now() - began), 0), undefined, { signal }).catch(() => {});
  }
}

answerWith(async ({ url }: PeriodicRequest): Promise<Periodic> => {
  if (url === undefined) {
    pause.abort();
    await running;
  } else {
    pause = new AbortController();
    running = scrapeAgainAndAgain(url, pause);
    running.catch(() => {});
  }
  return seen;
});
