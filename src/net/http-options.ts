import { shown } from '../common/errors';
import { checkBoolean, checkOptions, invalidOption } from '../common/options-check';

/** The HTTP options of a storage: headers, credentials and TLS. */
export interface HttpOptions {
  /** Sent with every request. */
  headers?: Readonly<Record<string, string>>;
  basicAuth?: { username: string; password: string };
  bearerToken?: string;
  /** Path of a file with the bearer token, which is read again when it has changed. */
  bearerTokenFile?: string;
  tls?: TlsOptions;
}

/** Certificates as PEM text, or as the paths of files, which are read again when they have changed. */
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

/** Names of the HTTP options; a storage checks them together with its own. */
export const HTTP_OPTIONS = ['headers', 'basicAuth', 'bearerToken', 'bearerTokenFile', 'tls'] as const;

const TLS_TEXTS = ['ca', 'cert', 'key', 'passphrase', 'servername'] as const;
const HEADER_NAME = /^[!#$%&'*+.^_`|~\w-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** Headers that users may not set: the connection, the body or the protocol determines them. */
const RESERVED = new Set([
  'accept-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
]);
const RESERVED_PREFIX = /^(x-prometheus-remote-write-|proxy-)/;

/** Checks the options that storages with a server share. Throws RINGMETER_INVALID_OPTION. */
export function checkHttpOptions(name: string, options: HttpOptions): HttpOptions {
  const { bearerToken, bearerTokenFile } = options;
  checkCredentials(name, options);
  return {
    headers: checkHeaders(name, options.headers),
    basicAuth: checkBasicAuth(name, options.basicAuth),
    bearerToken,
    bearerTokenFile,
    tls: checkTls(name, options.tls),
  };
}

function checkTls(name: string, tls: HttpOptions['tls']): HttpOptions['tls'] {
  if (tls === undefined) return undefined;
  const given = checkOptions(`tls of ${name}`, tls, [...TLS_TEXTS, 'rejectUnauthorized']);
  const { rejectUnauthorized, ...texts } = given;
  for (const [option, value] of Object.entries(texts))
    if (value !== undefined && typeof value !== 'string')
      invalidOption(`tls.${option} of ${name} must be a string, got ${shown(value)}`);
  checkBoolean(`tls.rejectUnauthorized of ${name}`, rejectUnauthorized, true);
  return given;
}

function checkHeaders(name: string, headers: HttpOptions['headers']): HttpOptions['headers'] {
  if (headers === undefined) return undefined;
  const given = checkOptions(`headers of ${name}`, headers, Object.keys(headers ?? {}));
  for (const [header, value] of Object.entries(given))
    if (!HEADER_NAME.test(header)) invalidOption(`header ${shown(header)} of ${name} is not a valid header name`);
    else if (RESERVED.has(header.toLowerCase()) || RESERVED_PREFIX.test(header.toLowerCase()))
      invalidOption(`header ${shown(header)} of ${name} cannot be set: the library sets it`);
    // the value may be a secret: it is not shown
    else if (typeof value !== 'string' || !HEADER_VALUE.test(value))
      invalidOption(
        `header ${shown(header)} of ${name} must be a string without characters that are invalid in a header value`,
      );
  return given;
}

function checkCredentials(name: string, { headers, basicAuth, bearerToken, bearerTokenFile }: HttpOptions): void {
  const inHeaders = Object.keys(headers ?? {}).some((header) => header.toLowerCase() === 'authorization');
  const isToken = bearerToken !== undefined || bearerTokenFile !== undefined;
  const ways = [basicAuth !== undefined, isToken, inHeaders].filter(Boolean).length;
  if (ways > 1 || (bearerToken !== undefined && bearerTokenFile !== undefined))
    invalidOption(`${name} can have only one of basicAuth, bearerToken, bearerTokenFile and an authorization header`);
  if (bearerTokenFile !== undefined && (typeof bearerTokenFile !== 'string' || bearerTokenFile === ''))
    invalidOption(`bearerTokenFile of ${name} must be a path, got ${shown(bearerTokenFile)}`);
  if (bearerToken !== undefined && !(typeof bearerToken === 'string' && /^[\x21-\x7e]+$/.test(bearerToken)))
    invalidOption(`bearerToken of ${name} must be a string of visible ASCII characters without spaces`);
}

function checkBasicAuth(name: string, basicAuth: HttpOptions['basicAuth']): HttpOptions['basicAuth'] {
  if (basicAuth === undefined) return undefined;
  const { username, password } = checkOptions(`basicAuth of ${name}`, basicAuth, ['username', 'password']);
  if (typeof username !== 'string' || username.includes(':'))
    invalidOption(`basicAuth.username of ${name} must be a string without a colon, got ${shown(username)}`);
  if (typeof password !== 'string')
    invalidOption(`basicAuth.password of ${name} must be a string, got a ${typeof password}`);
  return { username, password };
}

/** Checks that something is an absolute http or https URL. Throws RINGMETER_INVALID_OPTION. */
export function checkUrl(name: string, url: unknown): string {
  const given = typeof url === 'string' && URL.canParse(url) ? new URL(url) : undefined;
  if (given !== undefined && /^https?:$/.test(given.protocol) && given.username + given.password + given.hash === '')
    return given.href;
  const got = given === undefined ? shown(url) : `a URL of ${given.protocol}//${given.host}`;
  return invalidOption(`${name} must be an http or https URL without a user or a fragment in it, got ${got}`);
}
