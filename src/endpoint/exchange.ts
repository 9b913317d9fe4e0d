import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
// not the globals: some realms have none, or replace node's timers
import { clearTimeout, setImmediate, setTimeout } from 'node:timers';
import { STALL_TIMEOUT_MS } from './limits';

/** A request and its answer: from the arrival of the request until the client has the answer, or either side aborts. */
export class Exchange {
  readonly began = performance.now();
  over = false;
  /** Whether the request had a body and all of it has been read. */
  bodyRead = false;

  /** Releases the bytes of the answer. */
  release: () => void = () => {};

  /** When the client last read a piece of the answer; undefined before the answer begins. */
  private taken: number | undefined;
  private gone: AbortController | undefined;
  private stallTimer: NodeJS.Timeout | undefined;

  constructor(
    readonly request: IncomingMessage,
    readonly response: ServerResponse,
    /** Ends the connection at once. */
    private readonly hangUp: () => void,
  ) {}

  /** Aborted when it is over. */
  get signal(): AbortSignal {
    this.gone ??= new AbortController();
    if (this.over) this.gone.abort();
    return this.gone.signal;
  }

  /** Milliseconds since the client last read a piece of the answer; 0 before the answer begins. */
  get stalled(): number {
    return this.taken === undefined ? 0 : performance.now() - this.taken;
  }

  /** Called when the answer begins and whenever the client has read a piece of it: restarts the timeout. */
  progress(): void {
    this.taken = performance.now();
    this.stallTimer ??= setTimeout(() => this.lose(), STALL_TIMEOUT_MS).unref();
    this.stallTimer.refresh();
  }

  private lose(): void {
    const { taken } = this;
    // if the thread was blocked, events of the socket are still pending: check again after them
    setImmediate(() => taken === this.taken && this.cut());
  }

  end(): void {
    if (this.over) return;
    this.over = true;
    clearTimeout(this.stallTimer);
    this.release();
    this.gone?.abort();
  }

  /** Aborts the exchange and the connection. */
  cut(): void {
    this.end();
    this.hangUp();
  }
}

/** Resets the connection at once. Discards unread data, also in the system, which would otherwise keep sending it. */
export function reset(socket: Socket): void {
  if (socket.destroyed) return;
  socket.resetAndDestroy();
  // without this, the reset waits until everything has been written
  socket.destroy();
}
