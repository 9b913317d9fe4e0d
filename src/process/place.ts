import type { Shard } from '../arena/shard';

/*
 * Labels identify threads by the number of their shard, which is below `maxThreads` and is reused after a thread has
 * ended. Thread ids are never reused: each new thread would create new series.
 */

/** The thread's label in series with prom-client's names; undefined for the thread that made the collector. */
export function threadLabel(shard: Shard): string | undefined {
  return isMaker(shard) ? undefined : String(shard.number);
}

/** The thread's label in series where every thread has one. */
export function threadName(shard: Shard): string {
  return isMaker(shard) ? 'main' : String(shard.number);
}

/** Whether the shard is that of the thread which made the collector. */
export function isMaker({ owner, arena }: Shard): boolean {
  return owner === arena.maker;
}
