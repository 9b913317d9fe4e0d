import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

/**
 * The delays of this thread's event loop since the last scrape. A scrape sees the values of the last sample, so the
 * next window must begin at that sample: a second histogram is reset at every sample and replaces the first after a
 * scrape. Since a reset loses the ongoing delay, the first histogram is shown once more before they are swapped.
 */
export class DelayWindow {
  private present: IntervalHistogram;
  /** Collects delays since the last sample. */
  private next: IntervalHistogram;

  /** @param resolution milliseconds between two measurements of the delay */
  constructor(resolution: number) {
    this.present = monitorEventLoopDelay({ resolution });
    this.next = monitorEventLoopDelay({ resolution });
    this.present.enable();
    this.next.enable();
  }

  /** @param seen whether the values shown last have been scraped */
  sample(show: (delays: IntervalHistogram) => void, seen: boolean): void {
    show(this.present);
    if (seen) [this.present, this.next] = [this.next, this.present];
    this.next.reset();
  }

  stop(): void {
    this.present.disable();
    this.next.disable();
  }
}
