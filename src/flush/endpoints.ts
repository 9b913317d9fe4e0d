import type { MessagePort } from 'node:worker_threads';
import type { DashboardService } from '../dashboard/service';
import { type ApiSource, apiRoutes } from '../endpoint/api/routes';
import { basicRoutes } from '../endpoint/basic-routes';
import type { Connections } from '../endpoint/connections';
import { InFlight } from '../endpoint/in-flight';
import { MetricsPage, type MetricsSource } from '../endpoint/metrics-page';
import type { RouteTable } from '../endpoint/route';
import { type ListenAddress, openEndpoint, type ServedParts, type ServerSettings } from '../endpoint/server';

/** The sources of an endpoint's responses. */
export interface EndpointSources {
  metrics: MetricsSource;
  dashboard: DashboardService;
  api: ApiSource;
}

/** The endpoints that are open on one thread. */
export class Endpoints {
  private readonly basic: RouteTable;
  private readonly api: RouteTable;
  private readonly page: RouteTable;
  private readonly dashboard: DashboardService;
  private readonly open = new Set<Connections>();

  constructor({ metrics, dashboard, api }: EndpointSources) {
    const inFlight = new InFlight();
    this.dashboard = dashboard;
    this.basic = basicRoutes(new MetricsPage(metrics, inFlight));
    this.api = apiRoutes(api, inFlight);
    this.page = dashboard.routes(inFlight);
  }

  /** Opens an endpoint, and closes it when a message arrives on `control`. */
  async listen(settings: ServerSettings, control: MessagePort): Promise<ListenAddress> {
    const { connections, bound } = await openEndpoint(settings, this.routesFor(settings.serves));
    this.open.add(connections);
    control.once('message', async () => {
      // event streams, which do not end by themselves
      this.dashboard.hangUp();
      await this.closeOne(connections);
      control.postMessage('closed');
      control.close();
    });
    control.unref();
    return bound;
  }

  private routesFor({ api, dashboard }: ServedParts): RouteTable {
    if (!api) return this.basic;
    // the page uses the API
    return { ...this.basic, ...this.api, ...(this.dashboard.isServed(dashboard) && this.page) };
  }

  async close(): Promise<void> {
    await Promise.all([...this.open].map((connections) => this.closeOne(connections)));
  }

  /** Ends all connections at once. */
  drop(): void {
    for (const connections of this.open) connections.drop();
  }

  private async closeOne(connections: Connections): Promise<void> {
    this.open.delete(connections);
    await connections.close();
  }
}
