// not the globals: there are realms that have none, or whose timers are not node's
import { clearTimeout, setTimeout } from 'node:timers';
import { setTimeout as sleep } from 'node:timers/promises';
import { openShards } from '../arena/shard';
import { Sleeper } from '../atomics/signal';
import { inRootContext } from '../common/root-context';
import { type CallbackOutcomes, CollectCallback, type CollectTarget } from './collect-source';
import type { Observe } from './observed';
import { Pace } from './pace';
import type { Recorder } from './recorder';

/** The thread also polls for questions this often, in case a wake-up was lost. */
const LOOK_MS = 500;

/**
 * The collect-time callbacks of one thread, which return values that exist elsewhere. A collect on any thread raises
 * the shard's question and waits a little for the answer. The callbacks run on this thread, between two turns of its
 * event loop, and their values are recorded like all others. Does not keep the thread alive.
 *
 * Progress: between two answers the event loop turns, and callbacks take at most the share of its time that `Pace`
 * allows. If collects are more frequent, they wait for the next answer, and show the last values if it comes too late.
 */
export class CollectTimeValues {
  private readonly sources = new Set<CollectCallback>();
  private readonly pace = new Pace();
  private sleeper: Sleeper | undefined;
  private listening = false;
  private closed = false;

  constructor(
    private readonly recorder: Recorder,
    private readonly timeout: number,
    private readonly outcomes: CallbackOutcomes,
  ) {}

  /** @returns a function that unregisters the callback; its last values stay */
  add(target: CollectTarget, observe: Observe): () => void {
    // closed: no question will be answered any more
    if (this.closed) return () => {};
    const source = new CollectCallback(target, observe, this.outcomes, this.pace, this.sources);
    this.sources.add(source);
    this.note();
    if (!this.listening) void inRootContext(() => this.listen());
    return () => {
      this.sources.delete(source);
      this.note();
    };
  }

  /** Whether other threads have callbacks too, which may return the same label sets. */
  get hasRivals(): boolean {
    const { arena, own } = this.recorder;
    return openShards(arena).some(({ number, callbacks }) => callbacks > 0 && number !== own?.number);
  }

  /**
   * Calls the callbacks once more while the process ends; only synchronous answers can still be recorded. A callback
   * that itself called `process.exit()` is still running and is skipped. If another callback calls `process.exit()`
   * here, that call throws, since it would end the process at once, before the last flush.
   */
  lastCall(): void {
    const { exit } = process;
    process.exit = () => {
      throw new Error('process.exit() was called while the process was ending already');
    };
    try {
      for (const source of this.sources) void source.ask();
    } finally {
      process.exit = exit;
    }
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
      const { rest } = this.pace;
      if (question === Atomics.load(i32, shard.answered)) await this.sleeper.sleep(LOOK_MS);
      else if (rest > 0) await sleep(rest, undefined, { ref: false });
      else {
        await this.answer();
        this.recorder.publish();
        Atomics.store(i32, shard.answered, question);
        Atomics.notify(i32, shard.answered);
      }
    }
    this.listening = false;
  }

  /** Does not wait for callbacks that are still busy with an earlier question, which waited for them already. */
  private async answer(): Promise<void> {
    const done = this.pace.measure();
    const running: Promise<void>[] = [];
    for (const source of this.sources) {
      const answer = source.ask();
      if (answer !== undefined) running.push(answer);
    }
    if (running.length > 0) await atMost(this.timeout, Promise.all(running));
    done();
  }
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
