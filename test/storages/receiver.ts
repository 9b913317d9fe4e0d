import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';

export interface Received {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export type Answer = (response: ServerResponse, request: Received, count: number) => void;

export interface Receiver {
  url: string;
  /** In the order in which they came. */
  requests: Received[];
  /** How many connections were made. */
  connections(): number;
  close(): Promise<void>;
}

/** Answers with a status. */
export const status =
  (code: number, body = '', headers: Record<string, string> = {}): Answer =>
  (response) =>
    void response.writeHead(code, headers).end(body);

/** A server of the test's own, which answers as the test says. With `tls`, over https. It ends with the test. */
export async function receive(t: Test, answer: Answer, tls?: ServerOptions): Promise<Receiver> {
  const requests: Received[] = [];
  let connections = 0;
  const handle = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk);
    const { method = '', url: path = '', headers } = message;
    const request = { method, path, headers, body: Buffer.concat(chunks) };
    requests.push(request);
    answer(response, request, requests.length);
  };
  const listener = (message: IncomingMessage, response: ServerResponse): void => {
    // a client that goes away in the middle is part of some tests
    handle(message, response).catch(() => response.destroy());
  };
  const server = tls === undefined ? createServer(listener) : createSecureServer(tls, listener);
  server.on(tls === undefined ? 'connection' : 'secureConnection', () => connections++);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  t.teardown(close);
  const { port } = server.address() as AddressInfo;
  const url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`;
  return { url, requests, connections: () => connections, close };
}
