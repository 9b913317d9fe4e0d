import type { Alert, AlertTransition } from './alert-state';
import type { Silence } from './silences';

/** The state of a rule after its last evaluation. */
export interface RuleState {
  health: 'unknown' | 'ok' | 'err';
  lastError: string;
  /** Wall-clock milliseconds; 0 = never. */
  lastEvaluation: number;
  /** Seconds that it took. */
  evaluationTime: number;
  readonly alerts: readonly Alert[];
}

/** A change of an alert, stored until the serving thread has read it. */
export interface StoredChange {
  /** Counts the group's changes, from 1 on. */
  readonly sequence: number;
  readonly rule: number;
  readonly state: AlertTransition;
  readonly time: number;
  readonly alert: Alert;
}

/** The state of a group between two evaluations, so that any thread can make the next one. */
export interface GroupState {
  /** Of the evaluation. */
  readonly time: number;
  readonly rules: readonly RuleState[];
  /** The changes of this evaluation, and the total of all evaluations so far. */
  readonly changes: readonly StoredChange[];
  readonly changeCount: number;
  /** Whether the notifiers have been told that the collector closes. */
  readonly closed: boolean;
}

export type Silences = readonly Silence[];
