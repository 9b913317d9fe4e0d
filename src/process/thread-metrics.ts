import { inRootContext } from '../common/root-context';
import type { Instruments } from '../instruments/instruments';
import type { Recorder } from '../instruments/recorder';
import { checkDefaultMetrics, type DefaultMetrics, type DefaultMetricsOptions } from './options';
import { publishedIn, publishIn } from './published';
import type { ThreadSampler } from './thread/sampler';

/** One thread's part of a collector's default metrics. */
export class ThreadMetrics {
  private sampler: ThreadSampler | undefined;

  constructor(
    private readonly instruments: Instruments,
    private readonly recorder: Recorder,
  ) {}

  /** Starts them if this thread's options or another thread have enabled them. */
  join(wanted: DefaultMetrics | false): void {
    const { arena } = this.recorder;
    if (wanted) publishIn(arena, wanted);
    const present = wanted || publishedIn(arena);
    if (present !== undefined) this.sampler ??= this.open(present);
  }

  /** Starts them. Without options, uses the published ones if they are already running. */
  start(options: DefaultMetricsOptions = {}): void {
    const wanted = checkDefaultMetrics(options);
    const asked = Object.values(options).some((value) => value !== undefined);
    this.join(asked ? wanted : (publishedIn(this.recorder.arena) ?? wanted));
  }

  private open(present: DefaultMetrics): ThreadSampler {
    const { ThreadSampler } = require('./thread/sampler') as typeof import('./thread/sampler');
    return inRootContext(() => new ThreadSampler(this.instruments, this.recorder, present));
  }

  /** Stops sampling; the last samples stay visible. */
  stop(): void {
    this.sampler?.stop();
    this.sampler = undefined;
  }
}
