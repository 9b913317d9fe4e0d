// not the globals: there are realms that have none, or whose timers are not node's
import { clearTimeout, setTimeout } from 'node:timers';
import { Sleeper } from '../atomics/signal';
import { messageOf, shown } from '../errors';
import { inRootContext } from '../root-context';
import { warnOnce } from '../warning';
import type { Labels } from './labels';
import type { Recorder } from './recorder';
import { isFiniteNumber } from './values';

/** A value of one label set, as a callback reports it. */
export interface Observation<Name extends string = string> {
  readonly labels: Labels<Name>;
  readonly value: number;
}

/**
 * What a callback gives: the value of the series without labels, or values with their labels, or nothing if it has set
 * them itself.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: what a function gives that returns nothing
export type Observed<Name extends string = string> = number | Iterable<Observation<Name>> | undefined | void;

/** Called when a snapshot is about to be made, on the thread that registered it. */
export type Observe<O = Observed> = () => O | Promise<O>;

/** Where values go. The labels are undefined for the series that the callback belongs to. */
export type Take = (value: number, labels: Labels | undefined) => void;

/** Who hears what became of a callback's call. */
export interface CallbackOutcomes {
  succeeded(metric: string): void;
  failed(metric: string): void;
}

/** The thread looks for itself this often, should a question go unnoticed. */
const LOOK_MS = 500;

/**
 * The values of one thread that exist elsewhere and are asked for when a snapshot is made. A collect, on whichever thread,
 * raises the shard's question and waits a little for the answer; the callbacks run here, between two turns of the event
 * loop, and what they give is recorded like everything else. Keeps no thread alive.
 */
export class CollectTimeValues {
  private readonly sources = new Set<Source>();
  private sleeper: Sleeper | undefined;
  private listening = false;
  private closed = false;

  constructor(
    private readonly recorder: Recorder,
    private readonly timeout: number,
    private readonly outcomes: CallbackOutcomes,
  ) {}

  /** @returns how to stop asking; the values stay as they were last */
  add(metric: string, observe: Observe, take: Take): () => void {
    // nobody asks any more
    if (this.closed) return () => {};
    const source = new Source(metric, observe, take, this.outcomes);
    this.sources.add(source);
    this.note();
    if (!this.listening) void inRootContext(() => this.listen());
    return () => {
      this.sources.delete(source);
      this.note();
    };
  }

  /** Asks once more while the process ends: only what is given at once can still be recorded. */
  lastCall(): void {
    for (const source of this.sources) void source.ask();
  }

  close(): void {
    this.closed = true;
    this.sources.clear();
    this.sleeper?.end();
  }

  private note(): void {
    const shard = this.recorder.claimed();
    if (shard !== undefined) shard.callbacks = this.sources.size;
  }

  private async listen(): Promise<void> {
    const shard = this.recorder.claimed();
    if (shard === undefined) return;
    this.listening = true;
    const { i32 } = this.recorder.arena;
    this.sleeper = new Sleeper(i32, shard.asked, false);
    while (this.sources.size > 0) {
      const question = Atomics.load(i32, shard.asked);
      if (question === Atomics.load(i32, shard.answered)) {
        await this.sleeper.sleep(LOOK_MS);
        continue;
      }
      await this.answer();
      this.recorder.publish();
      Atomics.store(i32, shard.answered, question);
      Atomics.notify(i32, shard.answered);
    }
    this.listening = false;
  }

  /** Those that are still busy with an earlier question have kept it waiting once: not again. */
  private async answer(): Promise<void> {
    const running: Promise<void>[] = [];
    for (const source of this.sources) {
      const answer = source.ask();
      if (answer !== undefined) running.push(answer);
    }
    if (running.length > 0) await atMost(this.timeout, Promise.all(running));
  }
}

/** One callback. */
class Source {
  private busy = false;

  constructor(
    private readonly metric: string,
    private readonly observe: Observe,
    private readonly take: Take,
    private readonly outcomes: CallbackOutcomes,
  ) {}

  /** @returns none if everything was said at once, or is still being asked for */
  ask(): Promise<void> | undefined {
    if (this.busy) return undefined;
    try {
      const given = this.observe();
      if (isPromise(given)) return this.wait(given);
      this.record(given);
    } catch (error) {
      this.fail(error);
    }
    return undefined;
  }

  private async wait(promised: PromiseLike<Observed>): Promise<void> {
    this.busy = true;
    try {
      this.record(await promised);
    } catch (error) {
      this.fail(error);
    } finally {
      this.busy = false;
    }
  }

  private record(given: Observed): void {
    const values = observations(given);
    const bad: unknown[] = [];
    for (const { value, labels } of values) {
      this.take(value, labels);
      if (!isFiniteNumber(value)) bad.push(value);
    }
    // the others are taken all the same
    if (bad.length > 0) throw new TypeError(`a value must be a finite number, got ${shown(bad[0])}`);
    this.outcomes.succeeded(this.metric);
  }

  private fail(error: unknown): void {
    warnOnce('RINGMETER_COLLECT_FAILED', `the callback of ${this.metric} failed: ${messageOf(error)}`, this.metric);
    this.outcomes.failed(this.metric);
  }
}

/** What a callback gives that gives one number. */
interface Unlabelled {
  readonly value: number;
  readonly labels: undefined;
}

/** A string can be iterated too. */
function observations(given: Observed): Iterable<Unlabelled | Observation> {
  if (typeof given === 'number') return [{ value: given, labels: undefined }];
  if (given === undefined) return [];
  if (typeof given === 'object') return given;
  throw new TypeError(`it must give a number or { labels, value } of each series, got ${shown(given)}`);
}

function isPromise(given: unknown): given is PromiseLike<Observed> {
  return typeof (given as { then?: unknown } | null | undefined)?.then === 'function';
}

/** Waits for a promise that never rejects, unless that takes too long. */
async function atMost(milliseconds: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds).unref();
  });
  await Promise.race([promise, late]);
  clearTimeout(timer);
}
