/** What a thread does whose ring is full: it folds the event itself, or counts it as dropped. */
export type FullPolicy = 'fold' | 'drop';

/** What a collector's creator decided and every thread of the arena has to know. Stored in the arena as JSON. */
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
  /** Milliseconds before the memory of a removed series is used again. For tests. */
  quarantine?: number;
  defaultLabels: Record<string, string>;
}
