import { Agent, type Dispatcher, request } from 'undici';
import { StorageFailure } from '../common/storage-failure';
import { VERSION } from '../common/version';
import { describe } from './connection-error';
import { HttpFiles } from './http-files';
import type { HttpOptions, TlsOptions } from './http-options';
import { proxyAgent } from './proxy';

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  url: string;
  headers?: Record<string, string>;
  body?: Uint8Array | string;
  signal: AbortSignal;
  /** Whether the request may be sent twice. Default: true unless it is a POST. */
  idempotent?: boolean;
}

export interface HttpAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** Bytes of an answer that are kept. */
const LONGEST_ANSWER = 4_096;
/** Bytes of an answer that are read to keep its connection alive; after more, the connection is closed. */
const MOST_DRAINED = 65_536;
/** Characters of an answer that a message quotes. */
const LONGEST_QUOTE = 500;
/** Longest wait that timers can have, in milliseconds. */
const LONGEST_WAIT = 2 ** 31 - 1;
/** Statuses beside 5xx after which the same request may succeed. */
const PASSING = new Set([408, 425, 429]);

/**
 * Milliseconds of keep-alive for an idle connection, unless the server names a time: longer than the usual flush
 * intervals. Node's and Go's servers keep connections for 5 s to some minutes.
 */
const KEEP_ALIVE = { keepAliveTimeout: 300_000, keepAliveMaxTimeout: 600_000 };
/** Errors of a keep-alive connection that the server closed while the request was being sent. */
const CLOSED_BY_SERVER = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

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

/** An HTTP client for one server, in a flush worker: one keep-alive connection; redirects are not followed. */
export class HttpClient {
  private readonly files: HttpFiles;
  private readonly headers: Record<string, string>;
  private tls: TlsOptions | undefined;
  private agent: Dispatcher | undefined;
  /** Whether the connection is reused: the server may have closed it since its last answer. */
  private isUsed = false;

  /** Throws whatever reading the certificates' files throws. */
  constructor(options: HttpOptions) {
    const { headers, basicAuth, bearerToken, tls } = options;
    this.files = new HttpFiles(options, tls);
    this.dispatcher();
    this.headers = { 'user-agent': `ringmeter/${VERSION}` };
    for (const [name, value] of Object.entries(headers ?? {})) this.headers[name.toLowerCase()] = value;
    if (basicAuth !== undefined) this.headers.authorization = `Basic ${encodeCredentials(basicAuth)}`;
    if (bearerToken !== undefined) this.headers.authorization = `Bearer ${bearerToken}`;
  }

  /**
   * Sends one request and reads the beginning of the answer. Header names of the request must be lower case.
   *
   * @throws StorageFailure if there is no answer; HttpFailure if there is one that is not 2xx
   */
  async send(wanted: HttpRequest): Promise<HttpAnswer> {
    const answer = await beginningOf(await this.open(wanted));
    if (answer.status >= 200 && answer.status < 300) return answer;
    throw new HttpFailure(wanted, answer);
  }

  /** Sends one request and returns the answer with its body unread, whatever its status. @throws StorageFailure */
  async open(wanted: HttpRequest): Promise<Dispatcher.ResponseData> {
    const { method, url, idempotent = method !== 'POST' } = wanted;
    const mayBeClosed = idempotent && this.isUsed;
    try {
      return await this.request(wanted).catch((error: NodeJS.ErrnoException) => {
        if (mayBeClosed && CLOSED_BY_SERVER.has(error.code ?? '')) return this.request(wanted);
        throw error;
      });
    } catch (error) {
      throw new StorageFailure(`${method} ${withoutQuery(url)} failed: ${describe(error)}`, {
        retryable: true,
        cause: error,
      });
    }
  }

  private async request({ method, url, headers, body, signal }: HttpRequest): Promise<Dispatcher.ResponseData> {
    this.isUsed = false;
    const dispatcher = this.dispatcher();
    const token = this.files.bearerToken();
    const credentials = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const all = { ...this.headers, ...credentials, ...headers };
    const answer = await request(url, { method, headers: all, body, signal, dispatcher });
    this.isUsed = true;
    return answer;
  }

  /** The dispatcher with the present certificates. */
  private dispatcher(): Dispatcher {
    const tls = this.files.resolved(this.tls);
    if (this.agent !== undefined && tls === this.tls) return this.agent;
    // running requests complete before it closes
    void this.agent?.close().catch(() => {});
    this.tls = tls;
    this.agent = makeAgent(tls);
    return this.agent;
  }

  async close(): Promise<void> {
    await this.agent?.destroy();
  }
}

/** Ignores errors after the status has arrived: they cost only text, since the server has decided by then. */
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

/** A server's text for a message: on one line, without control characters. */
function quoted(text: string): string {
  const line = text.replaceAll(/\p{Cc}+/gu, ' ').trimEnd();
  return line.length > LONGEST_QUOTE ? `${line.slice(0, LONGEST_QUOTE)}…` : line;
}

/** Queries may have secrets in them. */
export function withoutQuery(url: string): string {
  return url.replace(/\?.*/s, '');
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

/** An agent that uses the proxies of the environment variables, if there are any. */
function makeAgent(tls: TlsOptions): Dispatcher {
  const options = { ...KEEP_ALIVE, connections: 1, connect: tls };
  return proxyAgent(options, tls) ?? new Agent(options);
}
