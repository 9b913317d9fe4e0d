import type { OutgoingHttpHeaders } from 'node:http';
import { type Bytes, partsOf } from './bodies';
import type { Exchange } from './exchange';
import { PIECE_BYTES } from './limits';
import { type Refusal, refusalFor } from './refusal';

/** Sends an answer in pieces, with back-pressure. The caller must not modify the body afterwards. */
export function send(exchange: Exchange, status: number, headers: OutgoingHttpHeaders, body: Bytes): void {
  const { request, response } = exchange;
  if (exchange.over || response.headersSent) return;
  // an unread request body is not drained: the connection is closed instead
  if (hasBody(exchange) && !exchange.bodyRead) response.setHeader('Connection', 'close');
  response.writeHead(status, { ...headers, 'Content-Length': body.length, 'X-Content-Type-Options': 'nosniff' });
  sendFrom(exchange, request.method === 'HEAD' ? [] : partsOf(body).flatMap(inPieces), 0);
}

/** Sends the next part when the client has read about one piece. */
function sendFrom(exchange: Exchange, parts: readonly Uint8Array[], next: number): void {
  if (exchange.over) return;
  exchange.progress();
  const { response } = exchange;
  let bytes = 0;
  for (let at = next; at < parts.length - 1; at++) {
    bytes += parts[at].length;
    if (bytes >= PIECE_BYTES) {
      response.write(parts[at], (error) => error || sendFrom(exchange, parts, at + 1));
      return;
    }
    response.write(parts[at]);
  }
  response.end(parts.at(-1));
}

function inPieces(part: Uint8Array): Uint8Array[] {
  if (part.length <= PIECE_BYTES) return [part];
  const pieces = Math.ceil(part.length / PIECE_BYTES);
  return Array.from({ length: pieces }, (_, at) => part.subarray(at * PIECE_BYTES, (at + 1) * PIECE_BYTES));
}

export function sendText(exchange: Exchange, status: number, text: string, headers: OutgoingHttpHeaders = {}): void {
  send(exchange, status, { 'Content-Type': 'text/plain; charset=utf-8', ...headers }, Buffer.from(text));
}

export function sendRefusal(exchange: Exchange, { status, text, headers }: Refusal): void {
  sendText(exchange, status, text, headers);
}

export function sendError(exchange: Exchange, error: unknown): void {
  const refusal = refusalFor(error);
  // after an unexpected error, the client has to open a new connection
  if (refusal.status === 500) refusal.headers = { Connection: 'close' };
  sendRefusal(exchange, refusal);
}

function hasBody({ request: { headers } }: Exchange): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
