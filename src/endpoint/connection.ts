import type { Socket } from 'node:net';
import { type Exchange, reset } from './exchange';
import { MOST_WAITING } from './limits';

/**
 * A client's connection. Pipelined requests are answered one after the other: no work is done for waiting ones. It
 * keeps the thread alive only while there is a request to answer.
 */
export class Connection {
  /** When it was opened, or its last request answered. */
  quietSince = performance.now();
  private readonly waiting: Exchange[] = [];
  private current: Exchange | undefined;
  private closing = false;
  /** The socket that requests are read from: the TLS socket if there is one. */
  private socket: Socket;

  /** @param raw the TCP socket, even if requests come through a TLS socket around it */
  constructor(
    private readonly raw: Socket,
    private readonly answer: (exchange: Exchange) => void,
  ) {
    this.socket = raw;
    raw.unref();
    // node emits a response's 'close' only while the response is attached to the socket
    raw.once('close', () => this.current?.end());
  }

  /** Called after the TLS handshake: from now on requests come through this socket. */
  secured(socket: Socket): void {
    this.socket = socket;
  }

  get idle(): boolean {
    return this.current === undefined;
  }

  /** Milliseconds since the client last read a piece of its answer. */
  get stalled(): number {
    return this.current?.stalled ?? 0;
  }

  ask(exchange: Exchange): void {
    exchange.response.once('close', () => this.finish(exchange));
    if (this.current === undefined) this.begin(exchange);
    else if (this.waiting.length < MOST_WAITING) this.waiting.push(exchange);
    else this.cut();
  }

  /** Ends the connection after the pending answers. */
  close(): void {
    this.closing = true;
    if (this.current === undefined) this.raw.destroy();
  }

  cut(): void {
    this.current?.end();
    reset(this.raw);
  }

  private begin(exchange: Exchange): void {
    this.current = exchange;
    this.raw.ref();
    this.answer(exchange);
  }

  private finish(exchange: Exchange): void {
    exchange.end();
    if (exchange !== this.current) return;
    this.current = undefined;
    // after an answer with `Connection: close`, node sends no further one
    const next = this.socket.writable ? this.waiting.shift() : undefined;
    if (next !== undefined) {
      this.begin(next);
      return;
    }
    this.quietSince = performance.now();
    this.raw.unref();
    if (this.closing) this.socket.end();
  }
}
