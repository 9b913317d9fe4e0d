import type { Snapshot } from '../snapshot/snapshot';
import { Bodies, type Body, type Render } from './bodies';
import { inTime } from './deadline';
import type { Exchange } from './exchange';
import { Gathering } from './gathering';
import type { InFlight } from './in-flight';
import { type Page, pageOf, sendPage } from './page';

/** Where the answers come from. */
export interface MetricsSource {
  /** Told of every request. */
  asked(): void;
  /** What was recorded before the call. */
  snapshot(): Promise<Snapshot>;
  render: Render;
}

/** What `/metrics` answers. One per thread: its endpoints share what is rendered, and the room for it. */
export class MetricsPage {
  private readonly gathering: Gathering;
  private readonly bodies: Bodies;

  constructor(
    private readonly source: MetricsSource,
    private readonly inFlight: InFlight,
  ) {
    this.gathering = new Gathering(() => source.snapshot());
    this.bodies = new Bodies(source.render);
  }

  /** @throws Busy */
  async serve(exchange: Exchange, url: URL): Promise<void> {
    this.source.asked();
    sendPage(exchange, 200, await inTime(exchange.request, exchange.began, this.make(exchange, url)));
  }

  private async make(exchange: Exchange, url: URL): Promise<Page> {
    const body = await this.bodyFor(exchange, url.searchParams.getAll('name[]'));
    return body === undefined ? NOTHING : pageOf(exchange, body, this.inFlight);
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
