import { HEADER, int } from '../arena/layout';
import { Sleeper } from '../atomics/signal';
import { turn } from '../atomics/turn';
import type { FlushService } from './service';

/**
 * If little is recorded, or nothing, the interval between drains grows up to these: a thread whose ring is half full
 * wakes this loop. With 500 ms under load, a server's p99.9 was higher, since each drain then folds more events.
 */
const LONGEST_INTERVAL_MS = 100;
const LONGEST_IDLE_INTERVAL_MS = 500;
/**
 * A drain that folds less than this share of a ring came too early. A drain evicts data of the serving thread from the
 * caches, if both share a processor: with 10 drains a second instead of 100, a server's p50 is about 2 % lower.
 */
const WORTHWHILE = 1 / 4;

/**
 * The loop that every flush worker runs as soon as its module is loaded: drain, flush if due, sleep. So a replacement
 * for a dead worker resumes the work by itself. It does not keep the thread alive.
 */
export class ResidentLoop {
  private stopped = false;
  private readonly sleeper: Sleeper;
  private ended: Promise<void> = Promise.resolve();

  /** @param beforeTurn called at each turn, only from the callback of a `setImmediate`, never from that of a socket */
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
    let written = drainer.readHeads();
    while (!this.stopped) {
      this.beforeTurn();
      drainer.acceptHeads(written);
      const folded = drainer.drainAll();
      written = drainer.readHeads();
      this.service.tick();
      interval = this.intervalAfter(interval, folded);
      await this.pause(this.sleepAfter(interval, folded, written.waiting));
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
    // another thread holds the lock; the ring's owner has woken this loop, and does so again only after a drain
    if (waiting >= halfRing) return shortest;
    return Math.min(interval, Math.max(this.service.dueIn, shortest));
  }

  /** Sleeps, and in any case lets the event loop turn: a worker that drains without a pause still answers scrapes. */
  private async pause(milliseconds: number): Promise<void> {
    if (!this.stopped && milliseconds > 0) await this.sleeper.sleep(milliseconds);
    await turn();
  }
}
