import { isIP } from 'node:net';
import type { SecureVersion } from 'node:tls';
import { shown } from '../common/errors';
import { checkOneOf, checkOptions, invalidOption } from '../common/options-check';
import { type AccessRules, type Credentials, digestOf, isLoopback } from '../endpoint/access';
import type { ServerCertificate } from '../endpoint/server';

/** Access control of an endpoint, for all of its routes. */
export interface SecurityOptions {
  /** Credentials that clients must send. Default: none. */
  auth?: { username: string; password: string } | { token: string };
  /** Makes it an https server. Default: http. */
  tls?: ListenTlsOptions;
  /**
   * Names that the `Host` header of a request may have, beside the `host` it listens at, IP addresses and `localhost`: an
   * array, or `'any'`. Default: no others if it listens at a loopback address, else any.
   */
  allowedHosts?: readonly string[] | 'any';
  /** Origins (`https://grafana.example`) of other sites whose pages may send requests. Default none. */
  allowedOrigins?: readonly string[];
}

/** Certificates as PEM, not as paths. */
export interface ListenTlsOptions {
  key: string | Uint8Array;
  /** The server's certificate, followed by the intermediate certificates. */
  cert: string | Uint8Array;
  /** Passphrase of the key. */
  passphrase?: string;
  /** Authorities one of which must have issued each client's certificate; undefined: clients need no certificate. */
  ca?: string | Uint8Array;
  /** `'TLSv1.2'` (default) or `'TLSv1.3'`. */
  minVersion?: 'TLSv1.2' | 'TLSv1.3';
}

export const SECURITY_OPTIONS = ['auth', 'tls', 'allowedHosts', 'allowedOrigins'] as const;

/** @throws RingmeterError RINGMETER_INVALID_OPTION, with no secret in its message */
export function resolveAccess(host: string, { auth, allowedHosts, allowedOrigins }: SecurityOptions): AccessRules {
  const hosts = resolveHosts(host, allowedHosts);
  const credentials = resolveAuth(auth);
  return {
    origins: resolveOrigins(allowedOrigins),
    ...(hosts === undefined ? {} : { hosts }),
    ...(credentials === undefined ? {} : { credentials }),
  };
}

/** Whether only this machine reaches an endpoint, or only clients that know a secret. */
export function isProtected(host: string, access: AccessRules, tls: ServerCertificate | undefined): boolean {
  return isLoopback(host) || access.credentials !== undefined || tls?.ca !== undefined;
}

function resolveAuth(auth: SecurityOptions['auth']): Credentials | undefined {
  if (auth === undefined) return undefined;
  const given = checkOptions<{ username?: unknown; password?: unknown; token?: unknown }>('auth', auth, [
    'username',
    'password',
    'token',
  ]);
  const { username, password, token } = given;
  const ways = [username !== undefined || password !== undefined, token !== undefined].filter(Boolean);
  if (ways.length !== 1) invalidOption('auth must have either a username and a password, or a token');
  if (token !== undefined) {
    if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token))
      return invalidOption('auth.token must be a string of visible ASCII characters without spaces');
    return { scheme: 'Bearer', digest: digestOf(token) };
  }
  if (typeof username !== 'string' || username.includes(':'))
    return invalidOption(`auth.username must be a string without a colon, got ${shown(username)}`);
  if (typeof password !== 'string' || password === '')
    return invalidOption('auth.password must be a string that is not empty');
  return { scheme: 'Basic', digest: digestOf(`${username}:${password}`) };
}

function resolveHosts(host: string, allowed: SecurityOptions['allowedHosts']): string[] | undefined {
  if (allowed === 'any' || (allowed === undefined && !isLoopback(host))) return undefined;
  const names = checkStrings('allowedHosts', allowed, "an array of host names, or 'any'");
  const wrong = names.find((name) => isIP(name) === 0 && !/^[^\s:/@?#[\]]+$/.test(name));
  if (wrong !== undefined) invalidOption(`allowedHosts must be host names without a port, got ${shown(wrong)}`);
  return [host, ...names].map((name) => name.toLowerCase().replace(/\.$/, ''));
}

function resolveOrigins(allowed: SecurityOptions['allowedOrigins']): string[] {
  const expected = "an array of origins such as 'https://grafana.example'";
  return checkStrings('allowedOrigins', allowed, expected).map((text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url === undefined || url.origin === 'null' || url.href !== `${url.origin}/`)
      return invalidOption(`allowedOrigins must be ${expected}, got ${shown(text)} among them`);
    return url.origin;
  });
}

function checkStrings(name: string, value: unknown, expected: string): readonly string[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value;
  return invalidOption(`${name} must be ${expected}, got ${shown(value)}`);
}

/** Checks only types: the server itself checks the certificates. @throws RingmeterError RINGMETER_INVALID_OPTION */
export function resolveTls(tls: ListenTlsOptions | undefined): ServerCertificate | undefined {
  if (tls === undefined) return undefined;
  const given = checkOptions('tls', tls, ['key', 'cert', 'passphrase', 'ca', 'minVersion']);
  const pem = (name: 'key' | 'cert' | 'ca'): string => {
    const value: unknown = given[name];
    if (typeof value === 'string' || value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
    // the value may be a key, so it is not shown
    return invalidOption(`tls.${name} must be PEM, as a string or a Buffer, got ${typeof value}`);
  };
  const { passphrase, ca, minVersion } = given;
  if (passphrase !== undefined && typeof passphrase !== 'string') invalidOption('tls.passphrase must be a string');
  return {
    key: pem('key'),
    cert: pem('cert'),
    minVersion: checkOneOf<SecureVersion>('tls.minVersion', minVersion, 'TLSv1.2', ['TLSv1.2', 'TLSv1.3']),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(ca === undefined ? {} : { ca: pem('ca') }),
  };
}
