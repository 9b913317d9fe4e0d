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

/** The thread looks for itself this often, should a question go unnoticed. */
const LOOK_MS = 500;

/**
 * The values of one thread that exist elsewhere and are asked for when a snapshot is made. A collect, on whichever thread,
 * raises the shard's question and waits a little for the answer; the callbacks run here, between two turns of the event
 * loop, and what they give is recorded like everything else. Keeps no thread alive.
 *
 * Progress: between two answers the event loop turns, and callbacks take at most the share of its time that `Pace` leaves
 * them. Who asks more often waits for the next answer, and shows the last values if that comes too late.
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

  /** @returns how to stop asking; the values stay as they were last */
  add(target: CollectTarget, observe: Observe): () => void {
    // nobody asks any more
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

  /** Whether other threads have callbacks too, which may name the same label sets. */
  get hasRivals(): boolean {
    const { arena, own } = this.recorder;
    return openShards(arena).some(({ number, callbacks }) => callbacks > 0 && number !== own?.number);
  }

  /**
   * Asks once more while the process ends: only what is given at once can still be recorded. Not the callback that ends the
   * process: it is running. If another one calls `process.exit()` as well, that fails here: it would end the process at
   * once, before the last flush.
   */
  lastCall(): void {
    const { exit } = process;
    process.exit = () => {
      throw new Error('the process ends already');
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

  /** Callbacks that are still busy with an earlier question have kept it waiting once: not again. */
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
