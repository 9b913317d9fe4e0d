import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { RingmeterError } from '../errors';
import { Connections } from './connections';
import { PARSER, SILENCE_MS } from './limits';
import type { MetricsPage } from './metrics-page';
import { Routes } from './routes';

/** Where to listen. */
export interface ListenAddress {
  port: number;
  host: string;
}

/** Opens the scrape endpoint on the calling thread. It does not keep that thread alive. */
export async function openEndpoint(
  address: ListenAddress,
  metrics: MetricsPage,
): Promise<{ connections: Connections; bound: ListenAddress }> {
  const server = createServer(PARSER);
  const routes = new Routes(metrics);
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
