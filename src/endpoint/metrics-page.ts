import Negotiator from 'negotiator';
import { send } from './answer';
import { Bodies, type Source } from './bodies';
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
    const snapshot = await this.bodies.snapshot();
    // whoever has gone meanwhile needs no text
    if (exchange.over) return NOTHING;
    const body = this.bodies.of(snapshot, url.searchParams.getAll('name[]'));
    const { contentType, bytes } = body;
    this.inFlight.hold(exchange, bytes);
    if (new Negotiator(exchange.request).encoding(['gzip', 'identity']) !== 'gzip') return { contentType, bytes };
    const zipped = await body.gzip();
    this.inFlight.hold(exchange, zipped);
    return { contentType, bytes: zipped, encoding: 'gzip' };
  }
}

const NOTHING: Page = { contentType: '', bytes: new Uint8Array() };
