import { type Agent, type buildConnector, Client, type Dispatcher, EnvHttpProxyAgent, Pool } from 'undici';
import { StorageFailure } from '../common/storage-failure';
import { describe } from './connection-error';

/** Most milliseconds until a proxy has answered CONNECT, as for connections without one. */
const CONNECT_MS = 10_000;
const SCHEME = /^[a-z][a-z\d+.-]*:\/\//i;

interface Proxies {
  http: URL | undefined;
  https: URL | undefined;
}

/**
 * Sends requests through the proxies of the environment variables: `https` requests by CONNECT, `http` ones unchanged.
 * Connects directly to the hosts in NO_PROXY.
 *
 * @returns undefined if the environment names none
 * @throws StorageFailure if what it names is no URL of a proxy
 */
export function proxyAgent(options: Agent.Options, requestTls: buildConnector.BuildOptions): Dispatcher | undefined {
  const http = proxyOf('http_proxy', 'HTTP_PROXY');
  const https = proxyOf('https_proxy', 'HTTPS_PROXY') ?? http;
  if (https === undefined) return undefined;
  return new EnvHttpProxyAgent({
    ...options,
    requestTls,
    httpProxy: http?.href ?? '',
    httpsProxy: https.href,
    // proxies usually allow CONNECT to the ports of https only
    proxyTunnel: false,
    // the default waits five minutes for the answer to CONNECT
    clientFactory: (proxy, more) => new Pool(proxy, { ...more, headersTimeout: CONNECT_MS }),
    factory: (origin, more) => clientFor({ http, https }, String(origin), { ...options, ...more }),
  });
}

/** The lower-case variable takes precedence, as in curl. A proxy without a scheme is reached by http. */
function proxyOf(...names: [string, string]): URL | undefined {
  const name = names.find((one) => process.env[one] !== undefined);
  const value = name && process.env[name];
  if (!value) return undefined;
  try {
    const url = new URL(SCHEME.test(value) ? value : `http://${value}`);
    for (const part of [url.username, url.password]) decodeURIComponent(part);
    if (url.protocol === 'http:' || url.protocol === 'https:') return url;
  } catch {}
  // the message omits the value: it may contain credentials
  throw new StorageFailure(`${name} is not a valid proxy URL, such as http://user:password@proxy.example:3128`, {
    retryable: true,
  });
}

/** @param origin the server's, or the proxy's if requests are sent to it unchanged */
function clientFor({ http, https }: Proxies, origin: string, options: Client.Options): Client {
  const { connect } = options;
  // the host is in NO_PROXY, or there is no proxy for its scheme
  if (typeof connect !== 'function') return new Client(origin, options);
  const proxy = new URL(origin).protocol === 'https:' ? https : http;
  return new Client(origin, {
    ...options,
    connect: (target, callback) =>
      connect(target, (...[error, socket]) =>
        error === null ? callback(null, socket!) : callback(proxyFailure(proxy!, error), null),
      ),
  });
}

/** Has no `code`: undici takes UND_ERR_SOCKET for an error of the server and would reconnect at once, endlessly. */
function proxyFailure({ host }: URL, cause: Error): Error {
  return new Error(`through the proxy ${host}: ${describe(cause)}`, { cause });
}
