import { SHARD } from '../arena/layout';
import type { Shard } from '../arena/shard';
import { IDLE_HEARTBEAT_MS } from '../instruments/recorder';

/**
 * Seconds for which a thread's event loop has not turned, at least: the time since its last heartbeat, less the longest
 * time that its heartbeat takes anyway. An idle loop beats too. 0 if the loop turns, or the thread has ended.
 */
export function stalledSeconds(shard: Shard): number {
  if (shard.owner === 0) return 0;
  const silent = shard.arena.clock() - shard.count(SHARD.HEARTBEAT);
  return Math.max(silent - IDLE_HEARTBEAT_MS, 0) / 1000;
}
