import { setTimeout as sleep } from 'node:timers/promises';
import { turn } from '../atomics/turn';
import type { Bytes } from './bodies';
import { Busy } from './busy';
import type { Exchange } from './exchange';
import { FEWEST_BODIES, MOST_BYTES, PRESSED_PATIENCE_MS, ROOM_LOOK_MS, ROOM_PATIENCE_MS } from './limits';

/** The bytes that answers are made and sent from, each body counted once. */
export class InFlight {
  private readonly users = new Map<Bytes, Set<Exchange>>();
  private total = 0;
  /** How large the body was that was made last: about what the next one takes. */
  private expected = 0;
  private look: Promise<void> | undefined;

  /** Whether nothing is being sent or compressed. */
  get none(): boolean {
    return this.users.size === 0;
  }

  /**
   * Waits until another body may be made. All who wait go on together, and so share it.
   *
   * @param waiting since when it waits
   * @throws Busy if that takes too long
   */
  async room(waiting: Pick<Exchange, 'began'>): Promise<void> {
    while (!this.fits(this.expected)) {
      if (performance.now() - waiting.began > ROOM_PATIENCE_MS) throw new Busy('too many answers are being sent');
      this.look ??= this.lookAgain();
      await this.look;
    }
  }

  /** An exchange answers from these bytes until it ends. @returns false if there is no room for them */
  hold(exchange: Exchange, bytes: Bytes): boolean {
    this.expected = bytes.length;
    if (!this.users.has(bytes) && !this.fits(bytes.length)) {
      giveBack(bytes);
      return false;
    }
    this.take(exchange, bytes);
    return true;
  }

  /** It answers from these bytes instead of those it had. */
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

  /** Some time later, those who do not read have made room. */
  private async lookAgain(): Promise<void> {
    await sleep(ROOM_LOOK_MS, undefined, { ref: false });
    // where the thread was busy, what was read meanwhile has still to be heard of
    await turn();
    this.look = undefined;
    const all = [...this.users.values()].flatMap((exchanges) => [...exchanges]);
    for (const exchange of all) if (exchange.stalled > PRESSED_PATIENCE_MS) exchange.cut();
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
