import { SHARD } from '../arena/layout';
import type { Shard } from '../arena/shard';
import { IDLE_HEARTBEAT_MS } from '../instruments/recorder';

/**
 * Lower bound of the seconds for which a thread's event loop has not turned: the time since its last heartbeat minus
 * the longest normal interval. An idle loop has heartbeats, too. 0 if the loop turns, or the thread has ended.
 */
export function stalledSeconds(shard: Shard): number {
  if (shard.owner === 0) return 0;
  const silent = shard.arena.clock() - shard.count(SHARD.HEARTBEAT);
  return Math.max(silent - IDLE_HEARTBEAT_MS, 0) / 1000;
}
