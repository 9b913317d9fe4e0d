import type { Stall } from '#dashboard/stalls';
import { serverNow } from './clock.js';
import { byId, element, setText } from './dom.js';

const FRAME_MS = 100;
const CALM_FRAME_MS = 1_000;

/** Shows that a thread is stalled, and for how long. It counts the time itself: nothing else changes on the page meanwhile. */
export class StallBanner {
  private readonly banner = byId('banner');
  private readonly counter = element('b');
  private present = new Map<string, Stall>();
  private timer = 0;

  /** @param onChange called with whether any thread is stalled */
  constructor(private readonly onChange: (stalled: boolean) => void) {
    // screen readers do not announce the running time, only the begin and the end of a stall, once each
    this.banner.setAttribute('aria-hidden', 'true');
    this.banner.append(
      this.counter,
      element(
        'span',
        { class: 'note' },
        'Its event loop does not turn. These numbers come from a worker thread that goes on.',
      ),
    );
  }

  show(stalls: readonly Stall[]): void {
    const before = this.present;
    this.present = new Map(stalls.filter(({ to }) => to === null).map((stall) => [stall.thread, stall]));
    for (const [thread] of this.present) if (!before.has(thread)) announce(`Thread ${thread} is stalled.`);
    for (const [thread] of before) {
      const ended = stalls.findLast((stall) => stall.thread === thread);
      if (!this.present.has(thread) && ended?.to)
        announce(`Thread ${thread} goes on after ${seconds(ended.to - ended.from)} seconds.`);
    }
    clearInterval(this.timer);
    const isStalled = this.present.size > 0;
    this.banner.hidden = !isStalled;
    this.onChange(isStalled);
    if (!isStalled) return;
    this.count();
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    this.timer = setInterval(() => this.count(), calm ? CALM_FRAME_MS : FRAME_MS);
  }

  private count(): void {
    const now = serverNow();
    const parts = [...this.present.values()].map(
      ({ thread, from }) => `Thread ${thread} has been stalled for ${seconds(now - from)} s`,
    );
    setText(this.counter, `${parts.join('. ')}.`);
  }
}

function announce(text: string): void {
  setText(byId('announcer'), text);
}

function seconds(milliseconds: number): string {
  return (Math.max(milliseconds, 0) / 1000).toFixed(1);
}
