import Negotiator from 'negotiator';
import { send } from './answer';
import { Bodies, type Body, type Source } from './bodies';
import { inTime } from './deadline';
import type { Exchange } from './exchange';
import { InFlight } from './in-flight';

interface Page {
  contentType: string;
  bytes: Uint8Array;
  encoding?: 'gzip';
}

/** What `/metrics` answers. One per thread: its endpoints share what is rendered, and the room for it. */
export class MetricsPage {
  private readonly bodies: Bodies;
  private readonly inFlight = new InFlight();

  constructor(source: Source) {
    this.bodies = new Bodies(source);
  }

  /** @throws Busy */
  async serve(exchange: Exchange, url: URL): Promise<void> {
    const { request, began } = exchange;
    const { contentType, encoding, bytes } = await inTime(request, began, this.make(exchange, url));
    const headers = { 'Content-Type': contentType, Vary: 'Accept-Encoding' };
    send(exchange, 200, encoding ? { ...headers, 'Content-Encoding': encoding } : headers, bytes);
  }

  private async make(exchange: Exchange, url: URL): Promise<Page> {
    const body = await this.bodyFor(exchange, url.searchParams.getAll('name[]'));
    if (body === undefined) return NOTHING;
    const { contentType, bytes } = body;
    if (new Negotiator(exchange.request).encoding(['gzip', 'identity']) !== 'gzip') return { contentType, bytes };
    const zipped = await body.gzip();
    this.inFlight.swap(exchange, zipped);
    return { contentType, bytes: zipped, encoding: 'gzip' };
  }

  /** @returns none if the client has gone meanwhile */
  private async bodyFor(exchange: Exchange, names: readonly string[]): Promise<Body | undefined> {
    while (!exchange.over) {
      await this.inFlight.room(exchange);
      const snapshot = await this.bodies.snapshot();
      if (exchange.over) break;
      const body = this.bodies.of(snapshot, names);
      if (this.inFlight.hold(exchange, body.bytes)) return body;
    }
    return undefined;
  }
}

const NOTHING: Page = { contentType: '', bytes: new Uint8Array() };
