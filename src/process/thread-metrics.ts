import { inRootContext } from '../common/root-context';
import type { Instruments } from '../instruments/instruments';
import type { Recorder } from '../instruments/recorder';
import { checkDefaultMetrics, type DefaultMetrics, type DefaultMetricsOptions } from './options';
import { publishedIn, publishIn } from './published';
import type { ThreadSampler } from './thread/sampler';

/** The default metrics of a collector as one of its threads has them. */
export class ThreadMetrics {
  private sampler: ThreadSampler | undefined;

  constructor(
    private readonly instruments: Instruments,
    private readonly recorder: Recorder,
  ) {}

  /** Switches them on if they are wanted, or if another thread has switched them on. */
  join(wanted: DefaultMetrics | false): void {
    const { arena } = this.recorder;
    if (wanted) publishIn(arena, wanted);
    const present = wanted || publishedIn(arena);
    if (present !== undefined) this.sampler ??= this.open(present);
  }

  /** Switches them on. Without any option, as they are if they are on already. */
  start(options: DefaultMetricsOptions = {}): void {
    const wanted = checkDefaultMetrics(options);
    const asked = Object.values(options).some((value) => value !== undefined);
    this.join(asked ? wanted : (publishedIn(this.recorder.arena) ?? wanted));
  }

  private open(present: DefaultMetrics): ThreadSampler {
    const { ThreadSampler } = require('./thread/sampler') as typeof import('./thread/sampler');
    return inRootContext(() => new ThreadSampler(this.instruments, this.recorder, present));
  }

  /** What is sampled last is what is seen from then on. */
  stop(): void {
    this.sampler?.stop();
    this.sampler = undefined;
  }
}
