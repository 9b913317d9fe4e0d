import type { Drainer } from '../drain/drain';
import { IDLE_HEARTBEAT_MS } from '../instruments/recorder';
import { threadName } from '../process/place';
import { stalledSeconds } from '../process/stall';

/** Seconds; a shorter stall may be a thread that waits for a CPU. */
const SHORTEST_S = 0.3;
/** Stalls that are remembered. */
const MOST_STALLS = 100;

/** A recording thread, and the least time for which its event loop has been stalled; 0 if it turns. */
export interface ThreadState {
  /** `main`, or the number that the default metrics label it with. */
  name: string;
  stalledSeconds: number;
}

/** A time in which a thread's event loop did not turn, in wall-clock milliseconds; `to` is null while it lasts. */
export interface Stall {
  thread: string;
  from: number;
  to: number | null;
}

/** Detects stalled threads by their heartbeats in the arena, without their help. */
export class Stalls {
  private readonly noted: Stall[] = [];

  constructor(private readonly drainer: Drainer) {}

  /** The threads as they are now. */
  threads(): ThreadState[] {
    return this.drainer
      .used()
      .filter(({ owner }) => owner !== 0)
      .map((shard) => {
        shard.arena.tick();
        const seconds = stalledSeconds(shard);
        return { name: threadName(shard), stalledSeconds: seconds < SHORTEST_S ? 0 : seconds };
      });
  }

  /** Updates the list of stalls. @returns whether any has begun or ended */
  look(now: number): boolean {
    const stalled = this.threads().filter(({ stalledSeconds }) => stalledSeconds > 0);
    const over = this.noted.filter(({ thread, to }) => to === null && !stalled.some(({ name }) => name === thread));
    for (const stall of over) stall.to = now;
    const begun = stalled.filter(({ name }) => !this.noted.some(({ thread, to }) => thread === name && to === null));
    for (const { name, stalledSeconds } of begun)
      this.noted.push({ thread: name, from: now - stalledSeconds * 1000 - IDLE_HEARTBEAT_MS, to: null });
    this.noted.splice(0, this.noted.length - MOST_STALLS);
    return over.length + begun.length > 0;
  }

  /** The stalls that were seen, the oldest first. */
  get all(): readonly Stall[] {
    return this.noted;
  }
}
