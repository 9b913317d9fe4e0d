import { setTimeout as sleep } from 'node:timers/promises';
import { turn } from '../atomics/turn';
import type { Bytes } from './bodies';
import { Busy } from './busy';
import type { Exchange } from './exchange';
import { FEWEST_BODIES, MOST_BYTES, PRESSED_STALL_TIMEOUT_MS, ROOM_CHECK_MS, ROOM_MAX_WAIT_MS } from './limits';

/** Accounts for the bytes of bodies that are being sent; a body shared by several answers counts once. */
export class InFlight {
  private readonly users = new Map<Bytes, Set<Exchange>>();
  private total = 0;
  /** Bytes of the last body, as an estimate of the next one. */
  private expected = 0;
  private look: Promise<void> | undefined;

  /** Whether nothing is being sent or compressed. */
  get none(): boolean {
    return this.users.size === 0;
  }

  /**
   * Waits until there is room for another body. All waiting requests resume together, and so share one body.
   *
   * @param waiting the exchange that waits, for the time of its begin
   * @throws Busy if that takes too long
   */
  async room(waiting: Pick<Exchange, 'began'>): Promise<void> {
    while (!this.fits(this.expected)) {
      if (performance.now() - waiting.began > ROOM_MAX_WAIT_MS) throw new Busy('too many answers are being sent');
      this.look ??= this.lookAgain();
      await this.look;
    }
  }

  /** Accounts these bytes to an exchange until it ends. @returns false if there is no room for them */
  hold(exchange: Exchange, bytes: Bytes): boolean {
    this.expected = bytes.length;
    if (!this.users.has(bytes) && !this.fits(bytes.length)) {
      giveBack(bytes);
      return false;
    }
    this.take(exchange, bytes);
    return true;
  }

  /** Replaces the bytes that are accounted to an exchange. */
  swap(exchange: Exchange, bytes: Bytes): void {
    exchange.release();
    this.take(exchange, bytes);
  }

  private take(exchange: Exchange, bytes: Bytes): void {
    if (exchange.over) return;
    const users = this.users.get(bytes) ?? new Set();
    if (users.size === 0) this.total += bytes.length;
    this.users.set(bytes, users.add(exchange));
    exchange.release = () => this.release(exchange, bytes);
  }

  private fits(length: number): boolean {
    return this.total + length <= Math.max(MOST_BYTES, FEWEST_BODIES * length);
  }

  /** After a delay, makes room by closing connections whose clients read nothing. */
  private async lookAgain(): Promise<void> {
    await sleep(ROOM_CHECK_MS, undefined, { ref: false });
    // if the thread was blocked, events of the sockets are still pending: handle them first
    await turn();
    this.look = undefined;
    const all = [...this.users.values()].flatMap((exchanges) => [...exchanges]);
    for (const exchange of all) if (exchange.stalled > PRESSED_STALL_TIMEOUT_MS) exchange.cut();
  }

  private release(exchange: Exchange, bytes: Bytes): void {
    const users = this.users.get(bytes)!;
    exchange.release = () => {};
    users.delete(exchange);
    if (users.size > 0) return;
    this.users.delete(bytes);
    this.total -= bytes.length;
    giveBack(bytes);
  }
}

function giveBack(bytes: Bytes): void {
  if ('giveBack' in bytes) bytes.giveBack();
}
