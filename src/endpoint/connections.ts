import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';

/** How long answers that are being sent may still take when the server closes. */
const GRACE_MS = 3_000;

/**
 * Who is connected to a server, and who is being answered. `http.Server.close` takes a connection for idle as soon as
 * its answer has been handed to the socket, and cuts off what is still on its way; and it waits for one that has not
 * sent a whole request. A connection keeps its thread alive only while it is being answered.
 */
export class Connections {
  private readonly answering = new Map<Socket, number>();
  private closing = false;

  constructor(private readonly server: Server) {
    server.on('connection', (socket: Socket) => {
      this.answering.set(socket, 0);
      socket.unref();
      socket.once('close', () => this.answering.delete(socket));
    });
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.count(request.socket, 1);
      response.once('close', () => this.count(request.socket, -1));
    });
  }

  private count(socket: Socket, change: number): void {
    const answers = (this.answering.get(socket) ?? 0) + change;
    if (this.answering.has(socket)) this.answering.set(socket, answers);
    if (answers > 0) socket.ref();
    else socket.unref();
    if (this.closing && answers === 0) socket.end();
  }

  /** Stops accepting, lets running answers finish within GRACE_MS, ends all other connections. */
  async close(): Promise<void> {
    this.closing = true;
    const late = setTimeout(() => this.server.closeAllConnections(), GRACE_MS);
    await new Promise((resolve) => {
      NetServer.prototype.close.call(this.server, resolve);
      for (const [socket, answers] of this.answering) if (answers === 0) socket.destroy();
    });
    clearTimeout(late);
  }
}
