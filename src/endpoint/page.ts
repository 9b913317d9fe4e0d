import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import Negotiator from 'negotiator';
import { send } from './answer';
import type { Body, Bytes } from './bodies';
import type { Exchange } from './exchange';
import type { InFlight } from './in-flight';

/** A body as one client gets it. */
export interface Page {
  contentType: string;
  bytes: Bytes;
  encoding?: 'gzip';
}

/** Content negotiation: compresses the body of an exchange if its client accepts that. */
export async function pageOf(exchange: Exchange, body: Body, inFlight: InFlight): Promise<Page> {
  const { contentType, bytes } = body;
  if (!takesGzip(exchange.request)) return { contentType, bytes };
  const zipped = await body.gzip();
  inFlight.swap(exchange, zipped);
  return { contentType, bytes: zipped, encoding: 'gzip' };
}

export function takesGzip(request: Pick<IncomingMessage, 'headers'>): boolean {
  return new Negotiator(request).encoding(['gzip', 'identity']) === 'gzip';
}

export function headersOf({ contentType, encoding }: Omit<Page, 'bytes'>): OutgoingHttpHeaders {
  const headers = { 'Content-Type': contentType, Vary: 'Accept-Encoding' };
  return encoding ? { ...headers, 'Content-Encoding': encoding } : headers;
}

export function sendPage(exchange: Exchange, status: number, page: Page): void {
  send(exchange, status, headersOf(page), page.bytes);
}
