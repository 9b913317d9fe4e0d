import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { Refusal } from './refusal';
import type { Route } from './route';

/** The access rules of an endpoint. Can be cloned, and contains no secret in clear text. */
export interface AccessRules {
  /** The credentials that an `Authorization` header must have; none required if left out. */
  credentials?: Credentials;
  /** Lower-case names that a `Host` header may have, beside addresses and localhost; any if left out. */
  hosts?: readonly string[];
  /** Origins of other sites whose pages may send requests. */
  origins: readonly string[];
}

export interface Credentials {
  scheme: 'Basic' | 'Bearer';
  /** SHA-256 of the token, or of the user's name, a colon and the password. */
  digest: Uint8Array;
}

const BAD_HOST: Refusal = {
  status: 403,
  text: 'Forbidden: the Host header does not name this endpoint; see the option allowedHosts\n',
};
const BAD_ORIGIN: Refusal = {
  status: 403,
  text: 'Forbidden: the request comes from a page of another origin; see the option allowedOrigins\n',
};

/** Decides which requests an endpoint refuses. */
export class Access {
  /** @param scheme the endpoint's URL scheme */
  constructor(
    private readonly rules: AccessRules,
    private readonly scheme: 'http' | 'https',
  ) {}

  /**
   * @param target the URL of a request line in absolute form, which overrides the `Host` header
   * @param route undefined if no route matches the path
   */
  refusal(request: IncomingMessage, target: URL | undefined, route: Route | undefined): Refusal | undefined {
    const { headers } = request;
    const authority = target?.host ?? headers.host;
    if (!this.knowsHost(authority)) return BAD_HOST;
    if (headers.origin !== undefined && !this.allowsOrigin(headers.origin, authority)) return BAD_ORIGIN;
    if (isFromElsewhere(request) && !this.allowsSender(request) && !(route?.isLinkable && isNavigation(request)))
      return BAD_ORIGIN;
    if (route?.isPublic && isRead(request)) return undefined;
    return this.knowsClient(headers.authorization) ? undefined : this.unauthorized();
  }

  /**
   * Protects against DNS rebinding: a page whose own name is made to point here cannot avoid that name in `Host`.
   * Addresses and localhost cannot be rebound. Only HTTP/1.0 clients, which are no browsers, send no `Host` header.
   */
  private knowsHost(authority: string | undefined): boolean {
    const { hosts } = this.rules;
    if (authority === undefined || hosts === undefined) return true;
    const name = hostName(authority);
    return name !== undefined && (isIP(name) !== 0 || isLocalhost(name) || hosts.includes(name));
  }

  /**
   * Whether the page that sent a request has an allowed origin. Without an `Origin` header, the browser may name the
   * page in `Referer`; a page can suppress that header, but cannot forge another origin in it.
   */
  private allowsSender({ headers: { origin, referer = '' } }: IncomingMessage): boolean {
    if (origin !== undefined) return true;
    return URL.canParse(referer) && this.rules.origins.includes(new URL(referer).origin);
  }

  private allowsOrigin(origin: string, authority: string | undefined): boolean {
    if (!URL.canParse(origin)) return false;
    const asked = `${this.scheme}://${authority}`;
    const { origin: given } = new URL(origin);
    return this.rules.origins.includes(given) || (URL.canParse(asked) && new URL(asked).origin === given);
  }

  private knowsClient(authorization = ''): boolean {
    const { credentials } = this.rules;
    if (credentials === undefined) return true;
    const { timingSafeEqual } = require('node:crypto') as typeof import('node:crypto');
    const [, scheme, token] = /^(basic|bearer) +(\S+) *$/i.exec(authorization) ?? [];
    if (scheme?.toLowerCase() !== credentials.scheme.toLowerCase()) return false;
    return timingSafeEqual(digestOf(scheme.length === 5 ? Buffer.from(token, 'base64') : token), credentials.digest);
  }

  private unauthorized(): Refusal {
    const { scheme } = this.rules.credentials!;
    const challenge = `${scheme} realm="ringmeter"${scheme === 'Basic' ? ', charset="UTF-8"' : ''}`;
    return { status: 401, text: 'Unauthorized\n', headers: { 'WWW-Authenticate': challenge } };
  }
}

/**
 * Whether `Sec-Fetch-Site` says that a page of another origin caused the request; another port of this machine is
 * another origin, too (`same-site`). Requests of `no-cors` mode, as those of images, scripts and `fetch(url, { mode:
 * 'no-cors' })`, have no `Origin` header, but pages cannot change this one. Clients other than browsers do not send it.
 */
function isFromElsewhere({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site'];
  return site !== undefined && site !== 'same-origin' && site !== 'none';
}

/** Whether the request is a top-level navigation: its answer is not framed, and no page can read it. */
function isNavigation(request: IncomingMessage): boolean {
  const { headers } = request;
  return isRead(request) && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
}

function isRead({ method }: IncomingMessage): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** The digest by which credentials are compared: of fixed length, so that the comparison takes constant time. */
export function digestOf(secret: string | Uint8Array): Uint8Array {
  const { createHash } = require('node:crypto') as typeof import('node:crypto');
  return new Uint8Array(createHash('sha256').update(secret).digest());
}

/** Whether a name or address is reachable from this machine only. */
export function isLoopback(host: string): boolean {
  return isLocalhost(host.toLowerCase()) || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function isLocalhost(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost');
}

/** The name or address of a `Host` header, without the port, brackets and a dot at the end. */
function hostName(authority: string): string | undefined {
  const [, address, name] = /^(?:\[([^\]]*)\]|([^:[\]@/?#\s]*))(?::\d*)?$/.exec(authority) ?? [];
  return address ?? name?.toLowerCase().replace(/\.$/, '');
}
