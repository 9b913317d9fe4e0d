import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
// not the globals: there are realms that have none, or whose timers are not node's
import { clearTimeout, setTimeout } from 'node:timers';
import { Connection } from './connection';
import { Exchange, reset } from './exchange';
import { GRACE_MS, MOST_CONNECTIONS, PRESSED_PATIENCE_MS } from './limits';
import { Wires } from './wires';

/** Every way in which node hands over a request: what a client expects beyond an answer is its own affair. */
const REQUEST_EVENTS = ['request', 'checkContinue', 'checkExpectation'];

/**
 * Who is connected to a server. `http.Server.close` takes a connection for idle as soon as its answer has been handed to
 * the socket, and cuts off what is still on its way; and it waits for one that has not sent a whole request.
 */
export class Connections {
  private readonly all = new Map<Socket, Connection>();
  private readonly wires = new Wires();

  constructor(
    private readonly server: Server,
    answer: (exchange: Exchange) => void,
  ) {
    server.on('connection', (socket: Socket) => {
      if (this.all.size >= MOST_CONNECTIONS && !this.makeRoom()) {
        reset(socket);
        return;
      }
      this.all.set(socket, new Connection(socket, answer));
      this.wires.add(socket);
      socket.once('close', () => this.all.delete(socket));
    });
    server.prependListener('secureConnection', (secure: Socket) => {
      const wire = this.wires.secure(secure);
      if (wire !== undefined) this.all.get(wire)?.secured(secure);
    });
    for (const event of REQUEST_EVENTS)
      server.on(event, (request: IncomingMessage, response: ServerResponse) => {
        const wire = this.wires.under(request.socket);
        if (wire !== undefined) this.all.get(wire)?.ask(new Exchange(request, response, () => reset(wire)));
      });
  }

  /** Closes the connection that is missed the least. @returns whether there is one */
  private makeRoom(): boolean {
    const all = [...this.all];
    const idle = all.filter(([, { idle }]) => idle).sort(([, one], [, other]) => one.quietSince - other.quietSince);
    const stalled = all.filter(([, { stalled }]) => stalled > PRESSED_PATIENCE_MS);
    const [socket, connection] = idle[0] ?? stalled[0] ?? [];
    if (socket === undefined) return false;
    this.all.delete(socket);
    connection!.cut();
    return true;
  }

  /** Stops accepting, lets running answers finish within GRACE_MS, ends all other connections. */
  async close(): Promise<void> {
    const late = setTimeout(() => this.each((connection) => connection.cut()), GRACE_MS);
    await new Promise((resolve) => {
      NetServer.prototype.close.call(this.server, resolve);
      this.each((connection) => connection.close());
    });
    clearTimeout(late);
    // node's own, only to end the timer with which it looks for slow clients
    this.server.close();
  }

  /** Stops accepting and ends all connections, at once: nothing is read from any of them afterwards. */
  drop(): void {
    NetServer.prototype.close.call(this.server);
    this.each((connection) => connection.cut());
    this.server.close();
  }

  private each(act: (connection: Connection) => void): void {
    for (const connection of this.all.values()) act(connection);
  }
}
