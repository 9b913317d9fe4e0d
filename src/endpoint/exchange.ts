import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
// not the globals: there are realms that have none, or whose timers are not node's
import { clearTimeout, setImmediate, setTimeout } from 'node:timers';
import { PATIENCE_MS } from './limits';

/** A request and its answer: from when the request came until the client has the answer, or one of the two has given up. */
export class Exchange {
  readonly began = performance.now();
  over = false;
  /** Whether the request had a body and all of it has been read. */
  bodyRead = false;

  /** Gives back what the answer is made from. */
  release: () => void = () => {};

  /** When the client last took a piece of the answer; none while there is no answer yet. */
  private taken: number | undefined;
  private gone: AbortController | undefined;
  private patience: NodeJS.Timeout | undefined;

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

  /** Milliseconds since the client last took something of what is there for it. */
  get stalled(): number {
    return this.taken === undefined ? 0 : performance.now() - this.taken;
  }

  /** The answer begins, or the client has taken a piece of it. */
  progress(): void {
    this.taken = performance.now();
    this.patience ??= setTimeout(() => this.lose(), PATIENCE_MS).unref();
    this.patience.refresh();
  }

  private lose(): void {
    const { taken } = this;
    // where the thread was busy, what was read meanwhile has still to be heard of
    setImmediate(() => taken === this.taken && this.cut());
  }

  end(): void {
    if (this.over) return;
    this.over = true;
    clearTimeout(this.patience);
    this.release();
    this.gone?.abort();
  }

  /** Gives up on the client. */
  cut(): void {
    this.end();
    this.hangUp();
  }
}

/** Hangs up at once. What has not been read yet is thrown away, also by the system, which else would go on offering it. */
export function reset(socket: Socket): void {
  if (socket.destroyed) return;
  socket.resetAndDestroy();
  // by itself, a reset waits until everything has been written
  socket.destroy();
}
