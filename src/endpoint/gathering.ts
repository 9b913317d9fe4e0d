import { setTimeout as sleep } from 'node:timers/promises';
import { turn } from '../atomics/turn';
import type { Snapshot } from '../snapshot/snapshot';
import { LONGEST_REST_MS } from './limits';

/** Makes snapshots for requests. Requests that arrive before a snapshot is begun share it. */
export class Gathering {
  private next: Promise<Snapshot> | undefined;
  private began = 0;
  private restsUntil = 0;

  constructor(private readonly take: () => Promise<Snapshot>) {}

  /**
   * The caller must render synchronously after awaiting this: so snapshots are rendered in order.
   *
   * @param crowded whether other answers are being sent: then snapshots are spaced out, so that more requests share one
   */
  snapshot(crowded: boolean): Promise<Snapshot> {
    this.next ??= this.begin(crowded);
    return this.next;
  }

  /** Called when the snapshot has been rendered: before the next one, the thread rests for as long as this one took. */
  made(): void {
    const now = performance.now();
    this.restsUntil = now + Math.min(now - this.began, LONGEST_REST_MS);
  }

  private async begin(crowded: boolean): Promise<Snapshot> {
    // making a snapshot may be synchronous: let the event loop accept further requests first
    await turn();
    const rest = this.restsUntil - performance.now();
    if (crowded && rest > 0) await sleep(rest, undefined, { ref: false });
    this.next = undefined;
    this.began = performance.now();
    return this.take();
  }
}
