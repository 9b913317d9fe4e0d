import type { Alert, AlertTransition } from './alert-state';
import type { Silences } from './documents';
import type { ResolvedGroup } from './rules';
import { silencedBy } from './silences';

/** An alert that is pending or firing, or was just resolved. Times in wall-clock milliseconds. */
export interface AlertInfo {
  /** Of the rule. */
  readonly name: string;
  readonly group: string;
  /** Empty for a rule from code. */
  readonly file: string;
  readonly state: 'pending' | 'firing' | 'resolved';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** The last value of the expression. */
  readonly value: number;
  readonly activeAt: number;
  readonly firedAt: number | undefined;
  readonly resolvedAt: number | undefined;
  /** Ids of the silences that match it: while there are any, notifiers are not called. */
  readonly silencedBy: readonly string[];
}

/** A state transition of an alert. `inactive`: it was pending and ended without firing. */
export interface AlertChange extends Omit<AlertInfo, 'state'> {
  readonly state: AlertTransition;
  /** Time of the evaluation that caused it. */
  readonly time: number;
}

/**
 * @param time wall-clock time of the evaluation, or now
 * @param ahead the wall clock minus the rules' clock, in milliseconds
 */
export function describeAlert(
  { file, name: group }: ResolvedGroup,
  { labels, annotations, value, state, activeAt, firedAt, resolvedAt }: Alert,
  silences: Silences,
  time: number,
  ahead: number,
): AlertInfo {
  const shown = (moment: number | undefined) => moment && moment + ahead;
  return {
    name: labels.alertname,
    group,
    file,
    state,
    labels,
    annotations,
    value: Number(value),
    activeAt: activeAt + ahead,
    firedAt: shown(firedAt),
    resolvedAt: shown(resolvedAt),
    silencedBy: silencedBy(silences, labels, time),
  };
}
