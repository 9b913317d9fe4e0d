import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
// not the globals: some realms have none, or replace node's timers
import { clearTimeout, setTimeout } from 'node:timers';
import { Connection } from './connection';
import { Exchange, reset } from './exchange';
import { GRACE_MS, MOST_CONNECTIONS, PRESSED_STALL_TIMEOUT_MS } from './limits';
import { Wires } from './wires';

/** All events by which node passes on a request. Other Expect values are ignored (RFC 9110, 10.1.1 allows 417). */
const REQUEST_EVENTS = ['request', 'checkContinue', 'checkExpectation'];

/**
 * The connections of a server. Replaces `http.Server.close`, which treats a connection as idle as soon as its answer
 * has been written to the socket, and so truncates answers; and which waits for clients that have sent half a request.
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

  /** Evicts the longest idle connection (LRU), else one whose client reads nothing. @returns whether it evicted one */
  private makeRoom(): boolean {
    const all = [...this.all];
    const idle = all.filter(([, { idle }]) => idle).sort(([, one], [, other]) => one.quietSince - other.quietSince);
    const stalled = all.filter(([, { stalled }]) => stalled > PRESSED_STALL_TIMEOUT_MS);
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
    // node's own close, only to stop its timer that checks for slow clients
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
