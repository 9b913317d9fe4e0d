// not the globals: there are realms that have none, or whose timers are not node's
import { setImmediate } from 'node:timers';
import { HEADER, int } from '../arena/layout';
import { Sleeper } from '../atomics/signal';
import type { FlushService } from './service';

/** An idle collector looks less and less often, down to this: a recording thread whose ring fills up wakes it. */
const LONGEST_SLEEP_MS = 500;
/** Passes without any event before sleeping longer. */
const IDLE_PASSES = 20;

/**
 * The loop that every flush worker runs from the moment its module is loaded, so that a worker which replaces another
 * takes up its work by itself: drain, flush when it is due, sleep. It keeps no thread alive.
 */
export class ResidentLoop {
  private stopped = false;
  private readonly sleeper: Sleeper;
  private ended: Promise<void> = Promise.resolve();

  constructor(private readonly service: FlushService) {
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
    const { drainer, arena, settings } = this.service;
    let idlePasses = 0;
    let glance = drainer.glance();
    while (!this.stopped) {
      drainer.trust(glance);
      const folded = drainer.drainAll();
      glance = drainer.glance();
      idlePasses = folded > 0 || glance.unpublished ? 0 : idlePasses + 1;
      this.service.tick();
      const busy = folded > arena.ringCapacity / 2;
      const patience = 2 ** Math.min(Math.max(idlePasses - IDLE_PASSES, 0), 10);
      const longest = Math.max(Math.min(LONGEST_SLEEP_MS, this.service.patience), settings.drainInterval);
      await this.pause(busy ? 0 : Math.min(settings.drainInterval * patience, longest));
    }
  }

  /** Always lets the thread's event loop turn: a worker that drains without end still has scrapes to answer. */
  private async pause(milliseconds: number): Promise<void> {
    if (!this.stopped && milliseconds > 0) await this.sleeper.sleep(milliseconds);
    await new Promise(setImmediate);
  }
}
