import type { Snapshot } from '../snapshot/snapshot';
import { Bodies, type Body, type Render } from './bodies';
import { inTime } from './deadline';
import type { Exchange } from './exchange';
import { Gathering } from './gathering';
import type { InFlight } from './in-flight';
import { type Page, pageOf, sendPage } from './page';

/** The source of the answers. */
export interface MetricsSource {
  /** Called at every request. */
  asked(): void;
  /** A snapshot that includes everything recorded before the call. */
  snapshot(): Promise<Snapshot>;
  render: Render;
}

/** Answers `/metrics`. One per thread: all endpoints of the thread share rendered bodies and their memory limit. */
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

  /** @returns undefined if the client has disconnected meanwhile */
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
