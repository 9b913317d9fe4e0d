import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerWith } from './messages';

/** What has come in so far. */
export interface Received {
  url: string;
  requests: number;
  bytes: number;
}

/** A server that takes whatever it is sent, as a gateway or a receiver would, and only counts it. */
const received = { requests: 0, bytes: 0 };
const server = createServer((request, response) => {
  request.on('data', (chunk: Buffer) => {
    received.bytes += chunk.length;
  });
  request.on('end', () => {
    received.requests++;
    response.end();
  });
});

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  answerWith(async (): Promise<Received> => ({ url: `http://127.0.0.1:${port}`, ...received }));
});
