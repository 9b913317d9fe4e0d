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
  /** What the expression gave last. */
  readonly value: number;
  readonly activeAt: number;
  readonly firedAt: number | undefined;
  readonly resolvedAt: number | undefined;
  /** The silences that hold for it: while there are any, notifiers are not told. */
  readonly silencedBy: readonly string[];
}

/** A change of an alert. `inactive`: it was pending and did not come to fire. */
export interface AlertChange extends Omit<AlertInfo, 'state'> {
  readonly state: AlertTransition;
  /** Of the evaluation that found it. */
  readonly time: number;
}

/**
 * @param time of the evaluation, or now; by the wall clock
 * @param ahead milliseconds that the wall clock is ahead of the rules'
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
