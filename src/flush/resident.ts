import { HEADER, int } from '../arena/layout';
import { Sleeper } from '../atomics/signal';
import { turn } from '../atomics/turn';
import type { FlushService } from './service';

/**
 * Where little is recorded, or nothing, rings are looked at less and less often, down to this: a thread whose ring fills up
 * wakes us. With half a second a server's p99.9 was higher again: much is folded at once then.
 */
const LONGEST_INTERVAL_MS = 100;
const LONGEST_IDLE_INTERVAL_MS = 500;
/**
 * A pass that folds less than this share of a ring came too early. A pass costs the serving thread what it evicts from the
 * caches, where both share a processor: with ten passes a second instead of a hundred a server's p50 is about 2 % lower.
 */
const WORTHWHILE = 1 / 4;

/**
 * The loop that every flush worker runs from the moment its module is loaded, so that a worker which replaces another
 * takes up its work by itself: drain, flush when it is due, sleep. It keeps no thread alive.
 */
export class ResidentLoop {
  private stopped = false;
  private readonly sleeper: Sleeper;
  private ended: Promise<void> = Promise.resolve();

  /** @param beforeTurn called at each turn, from no callback but that of an immediate */
  constructor(
    private readonly service: FlushService,
    private readonly beforeTurn: () => void = () => {},
  ) {
    this.sleeper = new Sleeper(service.arena.i32, int(HEADER.WAKE), false);
  }

  start(): void {
    this.ended = this.run();
  }

  /** Ends the loop after the pass that is running. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.sleeper.end();
    await this.ended;
  }

  private async run(): Promise<void> {
    const { drainer } = this.service;
    let interval = this.shortest;
    let glance = drainer.glance();
    while (!this.stopped) {
      this.beforeTurn();
      drainer.trust(glance);
      const folded = drainer.drainAll();
      glance = drainer.glance();
      this.service.tick();
      interval = this.intervalAfter(interval, folded);
      await this.pause(this.sleepAfter(interval, folded, glance.waiting));
    }
  }

  private get shortest(): number {
    return this.service.settings.drainInterval;
  }

  private intervalAfter(interval: number, folded: number): number {
    const { shortest } = this;
    const { ringCapacity } = this.service.arena;
    if (folded >= ringCapacity / 2) return shortest;
    if (folded >= ringCapacity * WORTHWHILE) return Math.max(interval / 2, shortest);
    return Math.min(interval * 2, Math.max(folded > 0 ? LONGEST_INTERVAL_MS : LONGEST_IDLE_INTERVAL_MS, shortest));
  }

  private sleepAfter(interval: number, folded: number, waiting: number): number {
    const { shortest } = this;
    const halfRing = this.service.arena.ringCapacity / 2;
    if (folded >= halfRing) return 0;
    // somebody has the lock: the ring's owner has woken us, and does not again before something is taken out
    if (waiting >= halfRing) return shortest;
    return Math.min(interval, Math.max(this.service.patience, shortest));
  }

  /** Always lets the thread's event loop turn: a worker that drains without end still has scrapes to answer. */
  private async pause(milliseconds: number): Promise<void> {
    if (!this.stopped && milliseconds > 0) await this.sleeper.sleep(milliseconds);
    await turn();
  }
}
