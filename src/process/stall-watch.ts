import { SHARD } from '../arena/layout';
import { type Shard, threadMark } from '../arena/shard';
import { messageOf } from '../common/errors';
import { warn } from '../common/warning';
import type { Drainer } from '../drain/drain';
import type { StallStack, WorkerBoard } from './board';
import { mainThreadStack } from './main-stack';
import { isMaker, threadName } from './place';
import { stalledSeconds } from './stall';

/** Timeout for the stack: a thread that does not answer in time is blocked in native code. */
const STACK_TIMEOUT_MS = 2_000;
const MAIN_THREAD = threadMark(0);
/** A longer gap between two ticks means that the whole process was stopped (SIGSTOP, a debugger, system sleep). */
const BLIND_MS = 1_000;

/** Detects stalls above a threshold: one warning for each, with the stack if the main thread is blocked. */
export class StallWatch {
  /** The ongoing stalls that this thread has claimed. */
  private readonly present = new Map<Shard, StallStack>();
  private lookedAt = performance.now();

  /** @param threshold milliseconds */
  constructor(
    private readonly drainer: Drainer,
    private readonly board: WorkerBoard,
    private readonly threshold: number,
  ) {}

  tick(): void {
    const now = performance.now();
    const wasBlind = now - this.lookedAt > BLIND_MS;
    this.lookedAt = now;
    if (!wasBlind) this.look();
  }

  private look(): void {
    const shards = this.drainer.used();
    // only the thread that made the collector learns of ended threads: while it stalls, a silent thread may have ended
    const maker = shards.find(isMaker);
    const makerTurns = maker === undefined || stalledSeconds(maker) === 0;
    for (const shard of shards) {
      const seconds = stalledSeconds(shard);
      if (seconds * 1000 < this.threshold) this.present.delete(shard);
      else if (!makerTurns && shard !== maker) continue;
      else if (this.board.claimStall(shard.number, shard.count(SHARD.HEARTBEAT))) void this.note(shard, seconds);
      else this.update(shard, seconds);
    }
  }

  private async note(shard: Shard, seconds: number): Promise<void> {
    const stall = { thread: threadName(shard), seconds, at: Date.now(), stack: await stackOf(shard) };
    this.present.set(shard, stall);
    this.board.lastStall = stall;
    const where = stall.stack.replaceAll('\n', '\n    at ');
    warn(
      'RINGMETER_STALLED',
      `the event loop of thread ${stall.thread} has not turned for ${seconds.toFixed(1)} s\n    at ${where}`,
    );
  }

  /** Updates the duration of a claimed stall. */
  private update(shard: Shard, seconds: number): void {
    const stall = this.present.get(shard);
    if (stall !== undefined) this.board.lastStall = { ...stall, seconds };
  }
}

async function stackOf(shard: Shard): Promise<string> {
  if (!isMaker(shard) || shard.owner !== MAIN_THREAD) return '(only the stack of the main thread is available)';
  try {
    return (await mainThreadStack(STACK_TIMEOUT_MS)) || '(the thread is idle again, its stack is empty)';
  } catch (error) {
    return `(${messageOf(error)})`;
  }
}
