import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { RingmeterError } from '../errors';
import { Connections } from './connections';
import { encodeFor } from './negotiate';

/** Where to listen. */
export interface ListenAddress {
  port: number;
  host: string;
}

/** What the endpoint serves. */
export type Scrape = (names: readonly string[] | undefined) => Promise<{ contentType: string; body: Uint8Array }>;

/** Limits against clients that are slow or send too much; a scrape has no body and few headers. */
const LIMITS = {
  maxHeaderSize: 16_384,
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 1_000,
} as const;
const MAX_CONNECTIONS = 256;
const SOCKET_TIMEOUT_MS = 90_000;

/** Opens the scrape endpoint on the calling thread. It does not keep that thread alive. */
export async function openEndpoint(
  address: ListenAddress,
  scrape: Scrape,
): Promise<{ connections: Connections; bound: ListenAddress }> {
  const server = createServer(LIMITS, (request, response) => {
    // a body is never wanted: whoever sends one is cut off instead of read
    if (hasBody(request)) response.setHeader('Connection', 'close');
    route(request, response, scrape).catch((error: unknown) => fail(response, error));
  });
  const connections = new Connections(server);
  server.maxConnections = MAX_CONNECTIONS;
  server.setTimeout(SOCKET_TIMEOUT_MS);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explain(error, address)));
    server.listen(address.port, address.host, resolve);
  });
  server.on('error', () => {});
  server.unref();
  const { port } = server.address() as AddressInfo;
  return { connections, bound: { port, host: address.host } };
}

async function route(request: IncomingMessage, response: ServerResponse, scrape: Scrape): Promise<void> {
  const url = parseUrl(request.url);
  const answers = url === undefined ? undefined : routes[url.pathname];
  if (url === undefined || answers === undefined)
    return answer(request, response, url ? 404 : 400, url ? 'Not found. Try /metrics\n' : 'Bad request\n');
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    return answer(request, response, 405, 'Method not allowed\n');
  }
  return answers(request, response, url, scrape);
}

const routes: Record<
  string,
  (request: IncomingMessage, response: ServerResponse, url: URL, scrape: Scrape) => Promise<void>
> = Object.assign(Object.create(null), {
  '/metrics': serveMetrics,
  '/-/healthy': (request: IncomingMessage, response: ServerResponse) => answer(request, response, 200, 'OK\n'),
});

async function serveMetrics(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  scrape: Scrape,
): Promise<void> {
  const names = url.searchParams.getAll('name[]');
  const { contentType, body: plain } = await scrape(names.length > 0 ? names : undefined);
  const { body, encoding } = await encodeFor(request, plain);
  response.setHeader('Content-Type', contentType);
  response.setHeader('Vary', 'Accept-Encoding');
  if (encoding) response.setHeader('Content-Encoding', encoding);
  send(request, response, 200, body);
}

async function answer(request: IncomingMessage, response: ServerResponse, status: number, text: string): Promise<void> {
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  send(request, response, status, Buffer.from(text));
}

function send(request: IncomingMessage, response: ServerResponse, status: number, body: Uint8Array): void {
  response.setHeader('Content-Length', body.length);
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.writeHead(status);
  response.end(request.method === 'HEAD' ? undefined : body);
}

function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(500, { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' });
  response.end(`The scrape failed: ${error instanceof Error ? error.message : String(error)}\n`);
}

function parseUrl(url = ''): URL | undefined {
  // an absolute base keeps paths such as //x from being read as hosts
  return url.startsWith('/') && URL.canParse(`http://endpoint${url}`) ? new URL(`http://endpoint${url}`) : undefined;
}

function hasBody(request: IncomingMessage): boolean {
  return request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
}

function explain(error: NodeJS.ErrnoException, { host, port }: ListenAddress): RingmeterError {
  const reasons: Record<string, string> = {
    EADDRINUSE: 'the port is taken; choose another, or 0 for a free one',
    EACCES: 'this user may not open that port',
    EADDRNOTAVAIL: 'this machine does not have that address',
    ENOTFOUND: 'the host name is not known',
  };
  const reason = reasons[error.code ?? ''] ?? error.message;
  return new RingmeterError('RINGMETER_LISTEN_FAILED', `cannot listen on ${host}:${port}: ${reason} (${error.code})`);
}
