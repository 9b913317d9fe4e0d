import type { Alert, AlertTransition } from './alert-state';
import type { Silence } from './silences';

/** What became of a rule at its last evaluation. */
export interface RuleState {
  health: 'unknown' | 'ok' | 'err';
  lastError: string;
  /** Wall-clock milliseconds; 0 = never. */
  lastEvaluation: number;
  /** Seconds that it took. */
  evaluationTime: number;
  readonly alerts: readonly Alert[];
}

/** A change of an alert as it is kept until the serving thread has heard of it. */
export interface StoredChange {
  /** Counts the group's changes, from 1 on. */
  readonly sequence: number;
  readonly rule: number;
  readonly state: AlertTransition;
  readonly time: number;
  readonly alert: Alert;
}

/** All that the next evaluation of a group has to know of the last, so that any thread can make it. */
export interface GroupState {
  /** Of the evaluation. */
  readonly time: number;
  readonly rules: readonly RuleState[];
  /** The changes of this evaluation; and how many there were up to now. */
  readonly changes: readonly StoredChange[];
  readonly changeCount: number;
  /** Whether the notifiers have been told that this was the last. */
  readonly closed: boolean;
}

export type Silences = readonly Silence[];
