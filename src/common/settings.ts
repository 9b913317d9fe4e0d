/** Policy for a full ring: the recording thread folds the event itself, or counts it as dropped. */
export type FullPolicy = 'fold' | 'drop';

/** Settings of a collector that every thread of the arena needs. Stored in the arena as JSON. */
export interface Settings {
  /** Milliseconds. */
  drainInterval: number;
  /** Milliseconds; 0 = only on request. */
  flushInterval: number;
  /** Milliseconds that a snapshot waits for collect-time values. */
  collectTimeout: number;
  onFull: FullPolicy;
  cardinalityLimit: number;
  seriesLimit: number;
  /** Milliseconds before the memory of a removed series is reused. For tests. */
  quarantine?: number;
  defaultLabels: Record<string, string>;
}
