import type { MessagePort } from 'node:worker_threads';
import type { Connections } from '../endpoint/connections';
import type { RouteTable } from '../endpoint/route';
import { type ListenAddress, openEndpoint, type ServerSettings } from '../endpoint/server';

/** The endpoints that are open on one thread. All of them answer the same. */
export class Endpoints {
  private readonly open = new Set<Connections>();

  /** @param hangUp ends the answers that go on until somebody ends them */
  constructor(
    private readonly routes: RouteTable,
    private readonly hangUp: () => void,
  ) {}

  /** Opens one. It is closed when `control` says so. */
  async listen(settings: ServerSettings, control: MessagePort): Promise<ListenAddress> {
    const { connections, bound } = await openEndpoint(settings, this.routes);
    this.open.add(connections);
    control.once('message', async () => {
      this.hangUp();
      await this.closeOne(connections);
      control.postMessage('closed');
      control.close();
    });
    control.unref();
    return bound;
  }

  async close(): Promise<void> {
    await Promise.all([...this.open].map((connections) => this.closeOne(connections)));
  }

  private async closeOne(connections: Connections): Promise<void> {
    this.open.delete(connections);
    await connections.close();
  }
}
