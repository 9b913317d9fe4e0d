import { readFileSync } from 'node:fs';
import { Agent, type Dispatcher, request } from 'undici';
import { RingmeterError, shown } from '../errors';
import { checkOptions } from '../options-check';
import { StorageFailure } from './failure';

/** How a storage reaches a server. */
export interface HttpOptions {
  /** Sent with every request. */
  headers?: Readonly<Record<string, string>>;
  basicAuth?: { username: string; password: string };
  bearerToken?: string;
  tls?: TlsOptions;
}

/** Certificates as PEM text, or as the paths of files that the worker reads when it opens. */
export interface TlsOptions {
  ca?: string;
  cert?: string;
  key?: string;
  passphrase?: string;
  /** Name that the server's certificate must have, if it is not the URL's host. */
  servername?: string;
  /** Default true. */
  rejectUnauthorized?: boolean;
}

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

/** Most of an answer that is read: enough to say what was wrong. */
const LONGEST_ANSWER = 4_096;
/** Statuses beside 5xx after which the same request may succeed. */
const PASSING = new Set([408, 425, 429]);

/** Checks the options that storages with a server share. Throws RINGMETER_INVALID_OPTION. */
export function checkHttpOptions(name: string, options: HttpOptions): HttpOptions {
  const { headers, basicAuth, bearerToken, tls } = options;
  if (basicAuth !== undefined && bearerToken !== undefined)
    throw new RingmeterError('RINGMETER_INVALID_OPTION', `${name} can have basicAuth or bearerToken, not both`);
  for (const [header, value] of Object.entries(checkOptions(`headers of ${name}`, headers, Object.keys(headers ?? {}))))
    if (typeof value !== 'string' || /[^\t\x20-\x7e\x80-\xff]/.test(value) || !/^[!#$%&'*+.^_`|~\w-]+$/.test(header))
      throw new RingmeterError('RINGMETER_INVALID_OPTION', `header ${shown(header)} of ${name} cannot be sent`);
  checkOptions(`tls of ${name}`, tls, ['ca', 'cert', 'key', 'passphrase', 'servername', 'rejectUnauthorized']);
  checkOptions(`basicAuth of ${name}`, basicAuth, ['username', 'password']);
  return { headers, basicAuth, bearerToken, tls };
}

/** Checks that something is an absolute http or https URL. Throws RINGMETER_INVALID_OPTION. */
export function checkUrl(name: string, url: unknown): string {
  const given = typeof url === 'string' && URL.canParse(url) ? new URL(url) : undefined;
  if (given !== undefined && /^https?:$/.test(given.protocol) && given.username === '') return given.href;
  throw new RingmeterError(
    'RINGMETER_INVALID_OPTION',
    `${name} must be an http or https URL without a user in it, got ${shown(url)}`,
  );
}

/** A client for one server, in a flush worker: connections are kept, redirects are not followed. */
export class HttpClient {
  private readonly agent: Agent;
  private readonly headers: Record<string, string>;

  constructor({ headers, basicAuth, bearerToken, tls }: HttpOptions) {
    this.agent = new Agent({ connect: tls && resolveTls(tls), connections: 2, pipelining: 0 });
    this.headers = { ...headers };
    if (basicAuth !== undefined) this.headers.authorization = `Basic ${encodeCredentials(basicAuth)}`;
    if (bearerToken !== undefined) this.headers.authorization = `Bearer ${bearerToken}`;
  }

  /**
   * Sends one request and reads the answer's beginning.
   *
   * @throws StorageFailure if there is no answer, or one that is not 2xx
   */
  async send(wanted: HttpRequest): Promise<HttpAnswer> {
    const answer = await this.exchange(wanted);
    if (answer.status >= 200 && answer.status < 300) return answer;
    throw new StorageFailure(
      `${wanted.method} ${wanted.url} was answered with ${answer.status}${answer.body && `: ${answer.body.trim()}`}`,
      {
        retryable: answer.status >= 500 || PASSING.has(answer.status),
        retryAfter: retryAfterOf(answer.headers['retry-after']),
      },
    );
  }

  private async exchange({ method, url, headers, body, signal }: HttpRequest): Promise<HttpAnswer> {
    try {
      const answer = await request(url, {
        method,
        headers: { ...this.headers, ...headers },
        body,
        signal,
        dispatcher: this.agent,
      });
      return { status: answer.statusCode, headers: answer.headers, body: await beginningOf(answer.body) };
    } catch (error) {
      throw new StorageFailure(`${method} ${url} failed: ${describe(error)}`, { retryable: true, cause: error });
    }
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }
}

async function beginningOf(body: Dispatcher.ResponseData['body']): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    if (length < LONGEST_ANSWER) chunks.push(chunk as Buffer);
    length += (chunk as Buffer).length;
  }
  return Buffer.concat(chunks).subarray(0, LONGEST_ANSWER).toString('utf8');
}

function describe(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === undefined || message?.includes(code) ? (message ?? String(error)) : `${message} (${code})`;
}

/** Seconds or a date, as in RFC 9110, 10.2.3; as milliseconds from now. */
function retryAfterOf(value: string | string[] | undefined): number | undefined {
  if (typeof value !== 'string') return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(date - Date.now(), 0);
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
