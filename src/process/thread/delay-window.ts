import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

/**
 * The delays of this thread's event loop since somebody saw them. What was seen can only have been what the last sample
 * showed, so the next window begins there: a second histogram is there for that moment. A histogram that was just reset
 * misses the delay that is going on, so one is shown only after the other has been shown once more.
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

  /** @param seen whether what was shown last has been seen */
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
