import Negotiator from 'negotiator';
import type { Snapshot } from '../aggregate/snapshot';
import { send } from './answer';
import { Bodies, type Body, type Render } from './bodies';
import { inTime } from './deadline';
import type { Exchange } from './exchange';
import { Gathering } from './gathering';
import { InFlight } from './in-flight';

/** Where the answers come from. */
export interface Source {
  /** Told of every request. */
  asked(): void;
  /** What was recorded before the call. */
  snapshot(): Promise<Snapshot>;
  render: Render;
}

interface Page {
  contentType: string;
  bytes: Uint8Array;
  encoding?: 'gzip';
}

/** What `/metrics` answers. One per thread: its endpoints share what is rendered, and the room for it. */
export class MetricsPage {
  private readonly gathering: Gathering;
  private readonly bodies: Bodies;
  private readonly inFlight = new InFlight();

  constructor(private readonly source: Source) {
    this.gathering = new Gathering(() => source.snapshot());
    this.bodies = new Bodies(source.render);
  }

  /** @throws Busy */
  async serve(exchange: Exchange, url: URL): Promise<void> {
    const { request, began } = exchange;
    this.source.asked();
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
      const snapshot = await this.gathering.snapshot(!this.inFlight.none);
      if (exchange.over) break;
      const body = this.bodies.of(snapshot, names);
      this.gathering.made();
      if (this.inFlight.hold(exchange, body.bytes)) return body;
    }
    return undefined;
  }
}

const NOTHING: Page = { contentType: '', bytes: new Uint8Array() };
