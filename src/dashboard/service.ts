import { ownProperties } from '../common/own-properties';
import type { InFlight } from '../endpoint/in-flight';
import type { RouteTable } from '../endpoint/route';
import type { DashboardSettings } from './options';
import type { Reporter, ReporterHost } from './reporter';
import type { DashboardPlace } from './routes';
import type { DashboardStream } from './stream';

export interface DashboardHost extends Omit<ReporterHost, 'options' | 'flushInterval' | 'cardinalityLimit'> {
  settings: DashboardSettings;
}

/** One thread's dashboard on the flushing side. Loads and does nothing until the first request. */
export class DashboardService implements DashboardPlace {
  private known: Reporter | undefined;
  private running: DashboardStream | undefined;
  private asked: Promise<Uint8Array<ArrayBuffer>> | undefined;
  private readonly histories = new Map<number, Promise<Uint8Array<ArrayBuffer>>>();
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly host: DashboardHost) {}

  /** Routes for the endpoints; none if the dashboard is switched off. */
  routes(inFlight: InFlight): RouteTable {
    if (this.host.settings.dashboard.served === 'never') return {};
    const { dashboardRoutes } = require('./routes') as typeof import('./routes');
    return dashboardRoutes(this, inFlight);
  }

  /** @param byDefault whether the endpoint serves it unless the collector's options decide */
  isServed(byDefault: boolean): boolean {
    const { served } = this.host.settings.dashboard;
    return served === 'always' || (served === 'protected' && byDefault);
  }

  get reporter(): Reporter {
    const { Reporter } = require('./reporter') as typeof import('./reporter');
    const { settings, ...host } = this.host;
    const { dashboard, flushInterval, cardinalityLimit } = settings;
    // missing options must not be found in Object.prototype
    const options = ownProperties(dashboard);
    this.known ??= new Reporter({ ...host, options, flushInterval, cardinalityLimit });
    return this.known;
  }

  get stream(): DashboardStream {
    const { DashboardStream } = require('./stream') as typeof import('./stream');
    this.running ??= new DashboardStream(this.reporter);
    return this.running;
  }

  /** The document. Concurrent requests share it. */
  json(): Promise<Uint8Array<ArrayBuffer>> {
    this.asked ??= this.make().finally(() => {
      this.asked = undefined;
    });
    return this.asked;
  }

  /** Made one at a time. Concurrent requests for the same minutes share the result. */
  history(minutes: number): Promise<Uint8Array<ArrayBuffer>> {
    let history = this.histories.get(minutes);
    if (history === undefined) {
      history = this.last.then(() => this.makeHistory(minutes)).finally(() => this.histories.delete(minutes));
      this.histories.set(minutes, history);
      this.last = history.catch(() => {});
    }
    return history;
  }

  /** Ends the streams: their clients reconnect if there is another endpoint. */
  hangUp(): void {
    this.running?.hangUp();
  }

  close(): void {
    this.running?.end();
  }

  private async makeHistory(minutes: number): Promise<Uint8Array<ArrayBuffer>> {
    const { backfill } = require('./backfill') as typeof import('./backfill');
    const { backfillText } = require('./texts') as typeof import('./texts');
    return new TextEncoder().encode(backfillText(await backfill(this.reporter, minutes * 60_000, Date.now())));
  }

  private async make(): Promise<Uint8Array<ArrayBuffer>> {
    const { documentText } = require('./texts') as typeof import('./texts');
    return new TextEncoder().encode(documentText(await this.reporter.document()));
  }
}
