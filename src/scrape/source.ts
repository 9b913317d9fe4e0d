import { createReadStream } from 'node:fs';
import { eitherSignal } from '../common/either-signal';
import { messageOf, RingmeterError } from '../common/errors';
import { describe } from '../net/connection-error';
import { beginningOf, HttpClient, HttpFailure, type HttpRequest, withoutQuery } from '../net/http';
import { readBody } from './body';
import { decodeScrape } from './decode';
import { ScrapeError } from './error';
import type { Scrape } from './types';

const ACCEPT = 'text/plain;version=0.0.4,application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1';

/** A source of expositions. */
export interface ScrapeSource {
  /** For people; without passwords. */
  readonly name: string;
  /** Reads one exposition. Throws ScrapeError, also when the signal is aborted. */
  scrape(signal?: AbortSignal): Promise<Scrape>;
  close(): Promise<void>;
}

export interface HttpSourceOptions {
  headers: Readonly<Record<string, string>>;
  /** Milliseconds that the whole answer may take. */
  timeout: number;
}

/** A scrape endpoint; a user and a password in its URL are sent as basic authentication. */
export class HttpSource implements ScrapeSource {
  readonly name: string;
  private readonly url: string;
  private readonly client: HttpClient;

  constructor(
    url: URL,
    private readonly options: HttpSourceOptions,
  ) {
    const { username, password } = url;
    const plain = new URL(url);
    plain.username = plain.password = plain.hash = '';
    if (plain.pathname === '/' && plain.search === '') plain.pathname = '/metrics';
    this.url = plain.href;
    this.name = withoutQuery(plain.href);
    const basicAuth =
      username === '' ? undefined : { username: decodeURIComponent(username), password: decodeURIComponent(password) };
    this.client = new HttpClient({ headers: { accept: ACCEPT, ...options.headers }, basicAuth });
  }

  scrape(signal?: AbortSignal): Promise<Scrape> {
    return this.get(this.url, signal, async (body, contentType) => decodeScrape(body, contentType));
  }

  /** The answer to a GET of another path of the same server. @throws ScrapeError */
  text(path: string, signal?: AbortSignal): Promise<string> {
    return this.get(new URL(path, this.url).href, signal, async (body) => body.toString('utf8'));
  }

  private async get<T>(
    url: string,
    signal: AbortSignal | undefined,
    read: (body: Buffer, contentType?: string) => Promise<T>,
  ): Promise<T> {
    const limit = AbortSignal.timeout(this.options.timeout);
    const headers = { 'accept-encoding': 'gzip' };
    const either = eitherSignal(signal ? [signal, limit] : [limit]);
    const wanted: HttpRequest = {
      method: 'GET',
      url,
      headers,
      signal: either.signal,
    };
    try {
      const answer = await this.client.open(wanted);
      if (answer.statusCode !== 200) throw new HttpFailure(wanted, await beginningOf(answer));
      const body = await readBody(answer.body, answer.headers['content-encoding'] === 'gzip');
      return await read(body, answer.headers['content-type']?.toString());
    } catch (error) {
      if (error instanceof ScrapeError) throw error;
      throw new ScrapeError(this.told(error, url, limit), { cause: error });
    } finally {
      either.release();
    }
  }

  private told(error: unknown, url: string, limit: AbortSignal): string {
    const failed = `GET ${withoutQuery(url)} failed: `;
    if (limit.aborted) return `${failed}the answer was not complete within ${this.options.timeout} ms`;
    return error instanceof RingmeterError ? error.message : failed + describe(error);
  }

  async close(): Promise<void> {
    await this.client.close();
  }
}

/** A file, or `-` for the standard input, which can be read once. */
export class FileSource implements ScrapeSource {
  readonly name: string;

  constructor(private readonly path: string) {
    this.name = path === '-' ? 'the standard input' : path;
  }

  async scrape(): Promise<Scrape> {
    try {
      return decodeScrape(await readBody(this.path === '-' ? process.stdin : createReadStream(this.path)));
    } catch (error) {
      if (error instanceof ScrapeError) throw error;
      throw new ScrapeError(`could not read ${this.name}: ${messageOf(error)}`, { cause: error });
    }
  }

  async close(): Promise<void> {}
}
