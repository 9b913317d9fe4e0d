import type { Shard } from '../arena/shard';

/*
 * How threads are told apart in labels: by the number of their shard, which is below `maxThreads` and is used again when
 * a thread has ended. Thread ids are not used again, and would make new series with every thread that is started.
 */

/** The label of a thread whose series have the usual names: that of the thread that made the collector is left out. */
export function threadLabel(shard: Shard): string | undefined {
  return isMaker(shard) ? undefined : String(shard.number);
}

/** The label of a thread where all threads have one. */
export function threadName(shard: Shard): string {
  return isMaker(shard) ? 'main' : String(shard.number);
}

/** Whether the shard is that of the thread which made the collector. */
export function isMaker({ owner, arena }: Shard): boolean {
  return owner === arena.maker;
}
