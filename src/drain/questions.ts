import type { Arena } from '../arena/arena';
import { HEADER, int } from '../arena/layout';
import type { Shard } from '../arena/shard';
import { raise, Sleeper } from '../atomics/signal';

/**
 * Before a snapshot, asks the threads with collect-time callbacks to record their values. One per collecting thread.
 *
 * If a thread is blocked, or its callbacks take too long, a collect waits for it once, until the deadline. Until it has
 * answered that question, it is neither asked nor waited for again, and snapshots show its last values.
 */
export class Questions {
  private readonly sleepers = new Map<Shard, Sleeper>();
  /** Shards whose owners did not answer in time. */
  private readonly late = new Set<Shard>();

  constructor(
    private readonly arena: Arena,
    private readonly maxWait: number,
  ) {}

  /** Resolves when all threads that were asked have answered, or the time is up. */
  async ask(shards: readonly Shard[]): Promise<void> {
    const { i32 } = this.arena;
    const able = shards.filter((shard) => shard.callbacks > 0);
    // during the last flush of an ending process, the event loops of these threads do not turn any more
    if (able.length === 0 || Atomics.load(i32, int(HEADER.END)) !== 0) return;
    const deadline = performance.now() + this.maxWait;
    await Promise.all(
      able.map((shard) => {
        // not asked again: a callback that waits for a snapshot would otherwise be called again because of that snapshot
        if (this.late.has(shard) && this.unanswered(shard) > 0) return undefined;
        raise(i32, shard.asked);
        return this.hear(shard, Atomics.load(i32, shard.asked), deadline);
      }),
    );
  }

  private unanswered(shard: Shard): number {
    const { i32 } = this.arena;
    return (Atomics.load(i32, shard.asked) - Atomics.load(i32, shard.answered)) | 0;
  }

  private async hear(shard: Shard, question: number, deadline: number): Promise<void> {
    const { i32 } = this.arena;
    const sleeper = this.sleepers.get(shard) ?? new Sleeper(i32, shard.answered, true);
    this.sleepers.set(shard, sleeper);
    this.late.delete(shard);
    while (((Atomics.load(i32, shard.answered) - question) | 0) < 0 && shard.callbacks > 0) {
      const left = deadline - performance.now();
      if (left <= 0) {
        this.late.add(shard);
        return;
      }
      await sleeper.sleep(left);
    }
  }
}
