import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { SecureVersion } from 'node:tls';
import { messageOf, RingmeterError } from '../common/errors';
import { Access, type AccessRules } from './access';
import { Connections } from './connections';
import { HANDSHAKE_MS, PARSER, SILENCE_MS } from './limits';
import type { RouteTable } from './route';
import { Routes } from './routes';

/** Where to listen. */
export interface ListenAddress {
  port: number;
  host: string;
}

/** The certificate of a server, as PEM. */
export interface ServerCertificate {
  key: string;
  cert: string;
  passphrase?: string;
  /** If given, clients must present certificates of these authorities (mTLS). */
  ca?: string;
  minVersion: SecureVersion;
}

/** The settings to open an endpoint, also again after its worker has died. Can be cloned. */
export interface ServerSettings {
  address: ListenAddress;
  access: AccessRules;
  tls?: ServerCertificate;
  serves: ServedParts;
}

/** The optional parts of an endpoint, beside `/metrics` and the health checks. */
export interface ServedParts {
  /** The HTTP API for queries. */
  api: boolean;
  /** Whether to serve the dashboard if the collector's options do not say. */
  dashboard: boolean;
}

/**
 * Opens an endpoint on the calling thread. It does not keep that thread alive.
 *
 * @throws RingmeterError RINGMETER_LISTEN_FAILED; RINGMETER_INVALID_OPTION if a certificate is no good
 */
export async function openEndpoint(
  { address, access, tls }: ServerSettings,
  table: RouteTable,
): Promise<{ connections: Connections; bound: ListenAddress }> {
  const server = tls === undefined ? createServer(PARSER) : secureServer(tls);
  const routes = new Routes(table, new Access(access, tls === undefined ? 'http' : 'https'));
  const connections = new Connections(server, (exchange) => void routes.answer(exchange));
  server.setTimeout(SILENCE_MS);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explain(error, address)));
    server.listen(address.port, address.host, resolve);
  });
  server.on('error', () => {});
  server.unref();
  const { port } = server.address() as AddressInfo;
  return { connections, bound: { port, host: address.host } };
}

function secureServer(certificate: ServerCertificate): Server {
  const { createServer } = require('node:https') as typeof import('node:https');
  const { ca } = certificate;
  try {
    // node silently ignores an invalid authority
    if (ca !== undefined) checkAuthority(ca);
    const clients = ca === undefined ? {} : { requestCert: true, rejectUnauthorized: true };
    return createServer({ ...PARSER, handshakeTimeout: HANDSHAKE_MS, ...clients, ...certificate });
  } catch (error) {
    throw new RingmeterError(
      'RINGMETER_INVALID_OPTION',
      `tls: key, cert and ca must be PEM texts (not paths), and the key that of the certificate: ${messageOf(error)}`,
    );
  }
}

/** @throws Error if it is no certificate */
function checkAuthority(pem: string): void {
  const { X509Certificate } = require('node:crypto') as typeof import('node:crypto');
  new X509Certificate(pem);
}

/** Advice by error code of the system. */
const REASONS = new Map<string | undefined, string>([
  ['EADDRINUSE', 'the port is taken; choose another, or 0 for a free one'],
  ['EACCES', 'this user may not open that port'],
  ['EADDRNOTAVAIL', 'this machine does not have that address'],
  ['ENOTFOUND', 'the host name is not known'],
]);

function explain(error: NodeJS.ErrnoException, { host, port }: ListenAddress): RingmeterError {
  const reason = REASONS.get(error.code) ?? error.message;
  return new RingmeterError('RINGMETER_LISTEN_FAILED', `cannot listen on ${host}:${port}: ${reason} (${error.code})`);
}
