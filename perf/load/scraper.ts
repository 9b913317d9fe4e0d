import { gunzipSync } from 'node:zlib';
import { MOST_SECONDS } from '../runner/limits';
import { ScraperConnection } from './scraper-connection';
import { totalsOf } from './totals';

/** What a scraper's process is asked for. */
export interface ScrapeRequest {
  url: string;
  gzip: boolean;
  /** Left out: false. Otherwise the text is only received. */
  unread?: boolean;
}

/** What it saw. */
export interface Scrape {
  /** Milliseconds from the request to the last byte. */
  total: number;
  /** Bytes that came over the wire, and of the text in them. */
  bytes: number;
  textBytes: number;
  /** Samples added up by name. */
  totals: Record<string, number>;
}

/** Node's servers hang up after five seconds by default; not while a request is on its way. */
const IDLE_MS = 4_000;

/**
 * Like a scraping Prometheus: one GET after the other, on a connection that is kept as long as it is used, each read to its
 * end. A connection that has to be opened is part of the scrape.
 */
export class Scraper {
  private connection: ScraperConnection | undefined;
  private usedAt = 0;

  async scrape({ url, gzip, unread }: ScrapeRequest): Promise<Scrape> {
    if (performance.now() - this.usedAt > IDLE_MS) this.close();
    const target = new URL(url);
    const began = performance.now();
    if (!this.connection?.open) this.connection = new ScraperConnection(target);
    const { endedAt, status, gzipped, body } = await this.connection.ask(target, gzip, MOST_SECONDS * 1_000);
    const total = endedAt - began;
    this.usedAt = performance.now();
    if (status !== 200) throw new Error(`${status}: ${body.subarray(0, 500)}`);
    if (unread) return { total, bytes: body.length, textBytes: Number.NaN, totals: {} };
    const text = gzipped ? gunzipSync(body) : body;
    return { total, bytes: body.length, textBytes: text.length, totals: totalsOf(text) };
  }

  close(): void {
    this.connection?.close();
    this.connection = undefined;
  }
}

/** One scrape, on a connection of its own. */
export async function scrape(request: ScrapeRequest): Promise<Scrape> {
  const scraper = new Scraper();
  try {
    return await scraper.scrape(request);
  } finally {
    scraper.close();
  }
}
