import type { OutgoingHttpHeaders } from 'node:http';
import { messageOf } from '../errors';
import { Busy } from './busy';
import type { Exchange } from './exchange';
import { PIECE_BYTES } from './limits';

/** When a client that was refused may come again. */
const RETRY_AFTER_S = 1;

/** Sends an answer, piece by piece, as fast as the client takes it. The body must not be changed any more. */
export function send(exchange: Exchange, status: number, headers: OutgoingHttpHeaders, body: Uint8Array): void {
  const { request, response } = exchange;
  if (exchange.over || response.headersSent) return;
  // whoever sends a body that is not wanted is cut off instead of read
  if (hasBody(exchange) && !exchange.bodyRead) response.setHeader('Connection', 'close');
  response.writeHead(status, { ...headers, 'Content-Length': body.length, 'X-Content-Type-Options': 'nosniff' });
  sendFrom(exchange, request.method === 'HEAD' ? body.subarray(body.length) : body, 0);
}

function sendFrom(exchange: Exchange, body: Uint8Array, start: number): void {
  if (exchange.over) return;
  exchange.progress();
  const end = start + PIECE_BYTES;
  const piece = body.subarray(start, end);
  if (end >= body.length) exchange.response.end(piece);
  else exchange.response.write(piece, (error) => error || sendFrom(exchange, body, end));
}

export function sendText(exchange: Exchange, status: number, text: string, headers: OutgoingHttpHeaders = {}): void {
  send(exchange, status, { 'Content-Type': 'text/plain; charset=utf-8', ...headers }, Buffer.from(text));
}

export function sendError(exchange: Exchange, error: unknown): void {
  if (error instanceof Busy) sendText(exchange, 503, `Busy: ${error.message}\n`, { 'Retry-After': RETRY_AFTER_S });
  else sendText(exchange, 500, `The scrape failed: ${messageOf(error)}\n`, { Connection: 'close' });
}

function hasBody({ request: { headers } }: Exchange): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
