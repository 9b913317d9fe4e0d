// not the globals: some realms have none
import { clearInterval, setInterval } from 'node:timers';
import { HEADER } from '../../arena/layout';
import type { BoundCounter } from '../../instruments/counter';
import type { Instruments } from '../../instruments/instruments';
import type { Recorder } from '../../instruments/recorder';
import type { DefaultMetrics } from '../options';
import { threadLabel } from '../place';
import { activityProbe } from './activity';
import { eventLoopProbe } from './event-loop';
import { gcProbe } from './gc';
import { heapProbe } from './heap';
import { type Probe, ThreadSeries } from './series';

/** Milliseconds between two samples. */
const PERIOD_MS = 1_000;
/** After so long without a scrape, other readers count as viewers of the samples. */
const SCRAPELESS_MS = 60_000;

const SAMPLING = [
  'ringmeter_sampling_seconds_total',
  'Time that sampling the default metrics has taken on the sampled thread.',
] as const;

/** Samples values that only the thread itself can read: heap, garbage collections, event loop. Keeps nothing alive. */
export class ThreadSampler {
  private readonly timer: NodeJS.Timeout;
  private probes: Probe[] = [];
  private spent: BoundCounter | undefined;
  private placed = false;

  constructor(
    private readonly instruments: Instruments,
    private readonly recorder: Recorder,
    private readonly options: DefaultMetrics,
  ) {
    this.spent = new ThreadSeries(instruments, options, undefined).counter(...SAMPLING);
    this.timer = setInterval(() => this.sample(), PERIOD_MS);
    this.timer.unref();
    this.sample();
  }

  stop(): void {
    clearInterval(this.timer);
    for (const probe of this.probes) probe.stop?.();
    this.probes = [];
  }

  private sample(): void {
    const began = performance.now();
    if (!this.placed && !this.findPlace()) return;
    for (const probe of this.probes) probe.sample();
    this.spent?.increment((performance.now() - began) / 1000);
  }

  /** The label of the thread's series is the number of its shard, which it gets at its first record. */
  private findPlace(): boolean {
    const { instruments, recorder, options } = this;
    this.spent?.increment(0);
    if (recorder.own === undefined) return false;
    const series = new ThreadSeries(instruments, options, threadLabel(recorder.own));
    this.spent = series.counter(...SAMPLING);
    this.probes = [heapProbe(series), gcProbe(series), activityProbe(series), eventLoopProbe(series, seenIn(recorder))];
    this.placed = true;
    return true;
  }
}

/** Returns a function: whether the last samples were read, by a scrape, or by any collect if nobody scrapes. */
function seenIn({ arena }: Recorder): () => boolean {
  let collects = 0;
  let scrapes = 0;
  let scrapedAt = Number.NEGATIVE_INFINITY;
  return () => {
    const now = performance.now();
    const present = [arena.counted(HEADER.COLLECTS), arena.counted(HEADER.SCRAPES)];
    const [collected, scraped] = [present[0] !== collects, present[1] !== scrapes];
    [collects, scrapes] = present;
    if (scraped) scrapedAt = now;
    return scraped || (collected && now - scrapedAt > SCRAPELESS_MS);
  };
}
