import { readFileSync } from 'node:fs';
import { Agent, type Dispatcher, request } from 'undici';
import { VERSION } from '../version';
import { StorageFailure } from './failure';
import type { HttpOptions, TlsOptions } from './http-options';

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  url: string;
  headers?: Record<string, string>;
  body?: Uint8Array | string;
  signal: AbortSignal;
}

export interface HttpAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** Most of an answer that is kept, in bytes. */
const LONGEST_ANSWER = 4_096;
/** Most of an answer that is read so that its connection can be used again; beyond, the connection is closed. */
const MOST_DRAINED = 65_536;
/** Most of an answer that a message quotes, in characters. */
const LONGEST_QUOTE = 500;
/** Longest wait that timers can have, in milliseconds. */
const LONGEST_WAIT = 2 ** 31 - 1;
/** Statuses beside 5xx after which the same request may succeed. */
const PASSING = new Set([408, 425, 429]);

/** An answer that is not 2xx. */
export class HttpFailure extends StorageFailure {
  constructor(
    { method, url }: HttpRequest,
    readonly answer: HttpAnswer,
  ) {
    const { status, headers, body } = answer;
    const location = status >= 300 && status < 400 && headers.location !== undefined ? ` to ${headers.location}` : '';
    const quote = quoted(body);
    super(`${method} ${withoutQuery(url)} was answered with ${status}${quoted(location)}${quote && `: ${quote}`}`, {
      retryable: status >= 500 || PASSING.has(status),
      retryAfter: retryAfterOf(headers['retry-after']),
    });
  }
}

/** A client for one server, in a flush worker: one connection, which is kept; redirects are not followed. */
export class HttpClient {
  private readonly agent: Agent;
  private readonly headers: Record<string, string>;

  /** Throws whatever reading the certificates' files throws. */
  constructor({ headers, basicAuth, bearerToken, tls }: HttpOptions) {
    this.agent = new Agent({ connect: tls && resolveTls(tls), connections: 1 });
    this.headers = { 'user-agent': `ringmeter/${VERSION}` };
    for (const [name, value] of Object.entries(headers ?? {})) this.headers[name.toLowerCase()] = value;
    if (basicAuth !== undefined) this.headers.authorization = `Basic ${encodeCredentials(basicAuth)}`;
    if (bearerToken !== undefined) this.headers.authorization = `Bearer ${bearerToken}`;
  }

  /**
   * Sends one request and reads the answer's beginning. What the request's own headers are called must be lower case.
   *
   * @throws StorageFailure if there is no answer; HttpFailure if there is one that is not 2xx
   */
  async send(wanted: HttpRequest): Promise<HttpAnswer> {
    const answer = await beginningOf(await this.open(wanted));
    if (answer.status >= 200 && answer.status < 300) return answer;
    throw new HttpFailure(wanted, answer);
  }

  /** Sends one request, and gives whatever answer there is, its body to be read. @throws StorageFailure if there is none */
  async open({ method, url, headers, body, signal }: HttpRequest): Promise<Dispatcher.ResponseData> {
    try {
      return await request(url, {
        method,
        headers: { ...this.headers, ...headers },
        body,
        signal,
        dispatcher: this.agent,
      });
    } catch (error) {
      throw new StorageFailure(`${method} ${withoutQuery(url)} failed: ${describe(error)}`, {
        retryable: true,
        cause: error,
      });
    }
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }
}

/** Whatever goes wrong after the status has come costs only text: the server has decided by then. */
export async function beginningOf({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<HttpAnswer> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of body) {
      if (length < LONGEST_ANSWER) chunks.push(chunk as Buffer);
      length += (chunk as Buffer).length;
      if (length > MOST_DRAINED) break;
    }
  } catch {}
  const text = Buffer.concat(chunks).subarray(0, LONGEST_ANSWER).toString('utf8');
  return { status: statusCode, headers, body: text };
}

/** A server's text for a message: on one line, without what a terminal would obey. */
function quoted(text: string): string {
  const line = text.replaceAll(/\p{Cc}+/gu, ' ').trimEnd();
  return line.length > LONGEST_QUOTE ? `${line.slice(0, LONGEST_QUOTE)}…` : line;
}

/** Queries may have secrets in them. */
export function withoutQuery(url: string): string {
  return url.replace(/\?.*/s, '');
}

/** What went wrong on the way to a server. */
export function describe(error: unknown): string {
  // several addresses were tried, and each has its own error
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.map(describe).join(', ');
  const { code, message } = error as NodeJS.ErrnoException;
  return typeof code !== 'string' || message?.includes(code) ? message || String(error) : `${message} (${code})`;
}

/** Seconds or a date, as in RFC 9110, 10.2.3; as milliseconds from now. */
function retryAfterOf(value: string | string[] | undefined): number | undefined {
  if (Array.isArray(value)) return retryAfterOf(value[0]);
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value)) return Math.min(Number(value) * 1000, LONGEST_WAIT);
  const date = /GMT$/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.min(Math.max(date - Date.now(), 0), LONGEST_WAIT);
}

function encodeCredentials({ username, password }: { username: string; password: string }): string {
  return Buffer.from(`${username}:${password}`).toString('base64');
}

function resolveTls({ ca, cert, key, ...rest }: TlsOptions) {
  return { ...rest, ca: pemOf(ca), cert: pemOf(cert), key: pemOf(key) };
}

function pemOf(text: string | undefined): string | undefined {
  return text === undefined || text.includes('-----BEGIN') ? text : readFileSync(text, 'utf8');
}
