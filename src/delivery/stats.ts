import type { Channel } from './channel';

/** What has become of the snapshots for one storage. */
export interface StorageStats {
  name: string;
  /** Snapshots that were stored. */
  stored: number;
  /** Attempts that failed, and attempts after one that failed. */
  failures: number;
  retries: number;
  /** Snapshots given up, since they were too old or a newer one needed their room; and refused for good. */
  dropped: number;
  rejected: number;
  /** Snapshots that wait, and the memory they take. */
  queued: number;
  queuedBytes: number;
  /** Wall-clock milliseconds of the last success, 0 = never; and what the last failure said. */
  lastSuccess: number;
  lastError: string | undefined;
}

/** Reads what has been counted of one storage. */
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
