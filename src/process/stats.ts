import type { Arena } from '../arena/arena';
import { HEADER, high, int, SHARD } from '../arena/layout';
import type { Channel } from '../delivery/channel';
import { readStorageStats, type StorageStats } from '../delivery/stats';
import type { Drainer } from '../drain/drain';

/** The library's own counts: `recorded = folded + pending + dropped + invalid`. */
export interface CollectorStats {
  /** Calls that recorded something, or tried to. */
  recorded: number;
  /** Events that have been folded into their series, by any thread. */
  folded: number;
  /** Folded events that found the ring full: the recording thread folded them itself. */
  foldedInPlace: number;
  /** Events still in a ring: 0 unless other threads are recording at this moment. */
  pending: number;
  /** Events that found the ring full (`onFull: 'drop'`), no memory for their series, or no shard. */
  dropped: number;
  /** Calls refused for their value or labels. */
  invalid: number;
  series: number;
  metrics: number;
  /** Threads that own a shard now. */
  threads: number;
  /** Bytes of the arena in use, and its size. */
  bytes: number;
  maxMemory: number;
  /** Most events ever seen waiting in one ring, and what a ring holds. */
  ringHighWaterMark: number;
  ringCapacity: number;
  /** Snapshots made for storages, and attempts to store one that failed. */
  flushes: number;
  failedFlushes: number;
  /** One for each storage of the collector, where it was made; none where it was attached to. */
  storages: StorageStats[];
  collects: number;
  scrapes: number;
}

/** Adds up the counts of all shards, without locks: concurrent records may be counted only partly. */
export function readStats(
  arena: Arena,
  drainer: Drainer,
  storages: readonly { name: string; channel: Channel }[],
): CollectorStats {
  const lost = arena.counted(HEADER.LOST);
  const refused = arena.counted(HEADER.REFUSED);
  const { i32 } = arena;
  const stats: CollectorStats = {
    recorded: lost + refused,
    folded: 0,
    foldedInPlace: 0,
    pending: 0,
    dropped: lost,
    invalid: refused,
    series: Atomics.load(i32, high(HEADER.REGISTERED)),
    metrics: Atomics.load(i32, int(HEADER.REGISTERED)),
    threads: 0,
    bytes: arena.bytesUsed(),
    maxMemory: arena.buffer.byteLength,
    ringHighWaterMark: 0,
    ringCapacity: arena.ringCapacity,
    flushes: arena.counted(HEADER.FLUSHES),
    failedFlushes: arena.counted(HEADER.FAILED_FLUSHES),
    storages: storages.map(readStorageStats),
    collects: arena.counted(HEADER.COLLECTS),
    scrapes: arena.counted(HEADER.SCRAPES),
  };
  for (const shard of drainer.used()) {
    const taken = shard.folded;
    const waiting = Math.max((shard.head - (taken | 0)) | 0, 0);
    const droppedAtFold = shard.count(SHARD.DROPPED_AT_FOLD);
    const inPlace = shard.count(SHARD.FOLDED_IN_PLACE);
    const dropped = shard.count(SHARD.DROPPED);
    const invalid = shard.count(SHARD.INVALID);
    stats.recorded += taken + waiting + inPlace + dropped + invalid;
    stats.folded += taken - droppedAtFold + inPlace;
    stats.foldedInPlace += inPlace;
    stats.pending += waiting;
    stats.dropped += dropped + droppedAtFold;
    stats.invalid += invalid;
    stats.ringHighWaterMark = Math.max(stats.ringHighWaterMark, shard.count(SHARD.HIGH_WATER));
    if (shard.owner !== 0) stats.threads++;
  }
  return stats;
}
