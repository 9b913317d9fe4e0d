import type { Family } from './catalog';

/** The immutable result of one collect: what renderers and storages read. */
export interface Snapshot {
  /** Wall-clock milliseconds of the collect. */
  readonly timestamp: number;
  /** The metrics with their series; a family's list may grow later, beyond what this snapshot has columns for. */
  readonly families: readonly Family[];
  /** How many directory places were read: series at later places are not in this snapshot. */
  readonly places: number;
  /** Indexed by the series' columns. */
  readonly values: Float64Array;
}

/** A snapshot as it comes from a collect. */
export interface TakenSnapshot extends Snapshot {
  /** By the arena's clock, which all threads share and which never goes back: tells which of two snapshots is newer. */
  readonly takenAt: number;
}
