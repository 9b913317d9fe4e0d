import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

/**
 * The delays of this thread's event loop since the last time that somebody saw them. What was seen can only have been what
 * the last sample showed, so a window has to begin at that sample: a second histogram is there for that moment.
 */
export class DelayWindow {
  private present: IntervalHistogram;
  /** Begun at the last sample. */
  private next: IntervalHistogram;

  /** @param resolution milliseconds between two looks at the delay */
  constructor(resolution: number) {
    this.present = monitorEventLoopDelay({ resolution });
    this.next = monitorEventLoopDelay({ resolution });
    this.present.enable();
    this.next.enable();
  }

  /** @param seen whether the last sample was seen by somebody */
  sample(seen: boolean): IntervalHistogram {
    if (seen) [this.present, this.next] = [this.next, this.present];
    this.next.reset();
    return this.present;
  }

  stop(): void {
    this.present.disable();
    this.next.disable();
  }
}
