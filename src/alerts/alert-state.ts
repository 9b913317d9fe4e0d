import type { ResolvedRule } from './rules';

/** A fired alert stays `resolved` for a while, so that its end can be observed. */
export type AlertState = 'pending' | 'firing' | 'resolved';

/** One alert, as it is kept between evaluations. Everything in it survives JSON; times in wall-clock milliseconds. */
export interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
  /** As text: JSON has no NaN and no infinities. */
  value: string;
  state: AlertState;
  readonly activeAt: number;
  firedAt?: number;
  resolvedAt?: number;
  /** Since when its series is gone and only `keepFiringFor` keeps it firing. */
  keptSince?: number;
  /** When it was last passed to each notifier, by the notifier's name. */
  sentAt: Record<string, number>;
}

/** When an alert was last passed to a notifier; undefined if never. */
export function sentTo({ sentAt }: Alert, notifier: string): number | undefined {
  return Object.hasOwn(sentAt, notifier) ? sentAt[notifier] : undefined;
}

/** Notes that an alert was passed to a notifier. Safe for every notifier name, including `__proto__`. */
export function noteSent(alert: Alert, notifier: string, time: number): void {
  alert.sentAt = { ...alert.sentAt, [notifier]: time };
}

/** An alert as an evaluation found it: its labels, with the present annotations and value. */
export type FoundAlert = Pick<Alert, 'labels' | 'annotations' | 'value'>;

/** A state transition that is reported to listeners. `inactive`: it was pending and ended without firing. */
export type AlertTransition = AlertState | 'inactive';

/** By the key of the alert's labels. */
export type Alerts = Map<string, Alert>;

/** How long resolved alerts are kept and re-sent; the same as in Prometheus. */
const RESOLVED_RETENTION_MS = 15 * 60_000;

/**
 * Advances a rule's alerts by one evaluation: pending while the expression returns them, firing after `for`, resolved
 * after `keep_firing_for`. The same state machine as Prometheus' (rules/alerting.go, "Eval").
 *
 * @param alerts the alerts after the last evaluation; modified in place
 * @param found the alerts of this evaluation, by key
 * @param time of the evaluation
 */
export function step(
  { holdFor, keepFiringFor }: Pick<ResolvedRule, 'holdFor' | 'keepFiringFor'>,
  alerts: Alerts,
  found: ReadonlyMap<string, FoundAlert>,
  time: number,
  changed: (alert: Alert, state: AlertTransition) => void,
): void {
  for (const [key, { labels, annotations, value }] of found) {
    const alert = alerts.get(key);
    if (alert === undefined || alert.state === 'resolved') {
      const fresh: Alert = { labels, annotations, value, state: 'pending', activeAt: time, sentAt: {} };
      alerts.set(key, fresh);
      if (holdFor > 0) changed(fresh, 'pending');
    } else Object.assign(alert, { annotations, value, keptSince: undefined });
  }
  for (const [key, alert] of alerts) {
    if (found.has(key) || keepsFiring(alert, keepFiringFor, time)) fire(alert, holdFor, time, changed);
    else end(alerts, key, alert, time, changed);
  }
}

type Changed = Parameters<typeof step>[4];

/** Whether an alert whose series is gone continues to fire. */
function keepsFiring(alert: Alert, keepFiringFor: number, time: number): boolean {
  if (alert.state !== 'firing' || keepFiringFor === 0) return false;
  alert.keptSince ??= time;
  return time - alert.keptSince < keepFiringFor;
}

function fire(alert: Alert, holdFor: number, time: number, changed: Changed): void {
  if (alert.state !== 'pending' || time - alert.activeAt < holdFor) return;
  alert.state = 'firing';
  alert.firedAt = time;
  changed(alert, 'firing');
}

function end(alerts: Alerts, key: string, alert: Alert, time: number, changed: Changed): void {
  if (alert.state === 'pending') {
    alerts.delete(key);
    changed(alert, 'inactive');
  } else if (alert.state === 'firing') {
    alert.state = 'resolved';
    alert.resolvedAt = time;
    changed(alert, 'resolved');
  } else if (time - alert.resolvedAt! > RESOLVED_RETENTION_MS) alerts.delete(key);
}

/** The series that a rule writes for its alerts: `ALERTS` with the state, `ALERTS_FOR_STATE` with the start time. */
export function alertSamples(alerts: Alerts): { labels: Record<string, string>; value: number }[] {
  return [...alerts.values()].flatMap(({ labels, state, activeAt }) =>
    state === 'resolved'
      ? []
      : [
          { labels: { ...labels, __name__: 'ALERTS', alertstate: state }, value: 1 },
          { labels: { ...labels, __name__: 'ALERTS_FOR_STATE' }, value: Math.floor(activeAt / 1000) },
        ],
  );
}
