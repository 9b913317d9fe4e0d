import type { Channel } from './channel';

/** Counts of the snapshots for one storage. */
export interface StorageStats {
  name: string;
  /** Snapshots that were stored. */
  stored: number;
  /** Attempts that failed, and attempts that were retries. */
  failures: number;
  retries: number;
  /** Snapshots dropped because they were too old or a newer one needed their room; and snapshots rejected for good. */
  dropped: number;
  rejected: number;
  /** Snapshots that wait, and their bytes. */
  queued: number;
  queuedBytes: number;
  /** Wall-clock milliseconds of the last success, 0 = never; and the message of the last failure. */
  lastSuccess: number;
  lastError: string | undefined;
}

/** Reads the counts of one storage. */
export function readStorageStats({ name, channel: { queue } }: { name: string; channel: Channel }): StorageStats {
  return {
    name,
    stored: queue.counted('stored'),
    failures: queue.counted('failures'),
    retries: queue.counted('retries'),
    dropped: queue.counted('dropped'),
    rejected: queue.counted('rejected'),
    queued: queue.waiting,
    queuedBytes: queue.waitingBytes,
    lastSuccess: queue.lastSuccess,
    lastError: queue.lastError(),
  };
}
