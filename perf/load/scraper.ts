import { get } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { MOST_SECONDS } from '../runner/limits';
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

/** Like a scraping Prometheus: one GET after the other, each read to its end. */
export function scrape({ url, gzip, unread }: ScrapeRequest): Promise<Scrape> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const headers = gzip ? { 'Accept-Encoding': 'gzip' } : {};
    const request = get(url, { headers, agent: false, timeout: MOST_SECONDS * 1000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        const total = performance.now() - began;
        const body = Buffer.concat(chunks);
        if (response.statusCode !== 200) return reject(new Error(`${response.statusCode}: ${body.subarray(0, 500)}`));
        if (unread) return resolve({ total, bytes: body.length, textBytes: Number.NaN, totals: {} });
        const text = response.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
        resolve({ total, bytes: body.length, textBytes: text.length, totals: totalsOf(text) });
      });
    });
    request.once('timeout', () => request.destroy(new Error('more than a minute')));
    request.once('error', reject);
  });
}
