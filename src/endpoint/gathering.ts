import { setTimeout as sleep } from 'node:timers/promises';
import { turn } from '../atomics/turn';
import type { Snapshot } from '../snapshot/snapshot';
import { LONGEST_REST_MS } from './limits';

/** Snapshots for requests. Those that come before one is begun share it. */
export class Gathering {
  private next: Promise<Snapshot> | undefined;
  private began = 0;
  private restsUntil = 0;

  constructor(private readonly take: () => Promise<Snapshot>) {}

  /**
   * Whoever awaits this has to render at once, without awaiting something else: that keeps snapshots in order.
   *
   * @param crowded whether others are being answered: then, after one has been made, some time is left for more to come
   */
  snapshot(crowded: boolean): Promise<Snapshot> {
    this.next ??= this.begin(crowded);
    return this.next;
  }

  /** All that was to be made of the snapshot has been made: what it took is what the thread rests. */
  made(): void {
    const now = performance.now();
    this.restsUntil = now + Math.min(now - this.began, LONGEST_REST_MS);
  }

  private async begin(crowded: boolean): Promise<Snapshot> {
    // making one may take no turn of the loop, in which others could be heard
    await turn();
    const rest = this.restsUntil - performance.now();
    if (crowded && rest > 0) await sleep(rest, undefined, { ref: false });
    this.next = undefined;
    this.began = performance.now();
    return this.take();
  }
}
