import { Busy } from './busy';
import type { Exchange } from './exchange';
import { FEWEST_BODIES, MOST_BYTES, PRESSED_PATIENCE_MS } from './limits';

/** The bytes that answers are made and sent from, each array counted once. */
export class InFlight {
  private readonly users = new Map<Uint8Array, Set<Exchange>>();
  private total = 0;

  /**
   * An exchange answers from these bytes until it ends, instead of those it had before.
   *
   * @throws Busy if there is no room for them, and nobody who does not read makes any
   */
  hold(exchange: Exchange, bytes: Uint8Array): void {
    if (exchange.over) return;
    exchange.release();
    exchange.release = () => {};
    if (!this.users.has(bytes)) this.admit(bytes);
    this.users.get(bytes)!.add(exchange);
    exchange.release = () => this.release(exchange, bytes);
  }

  private admit(bytes: Uint8Array): void {
    const room = Math.max(MOST_BYTES, FEWEST_BODIES * bytes.length) - bytes.length;
    if (this.total > room) this.cutStalled();
    if (this.total > room) throw new Busy('too many answers are being sent');
    this.users.set(bytes, new Set());
    this.total += bytes.length;
  }

  private cutStalled(): void {
    const all = [...this.users.values()].flatMap((exchanges) => [...exchanges]);
    for (const exchange of all) if (exchange.stalled > PRESSED_PATIENCE_MS) exchange.cut();
  }

  private release(exchange: Exchange, bytes: Uint8Array): void {
    const users = this.users.get(bytes)!;
    users.delete(exchange);
    if (users.size > 0) return;
    this.users.delete(bytes);
    this.total -= bytes.length;
  }
}
