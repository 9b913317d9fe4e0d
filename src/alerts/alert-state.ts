import type { ResolvedRule } from './rules';

/** `resolved` is kept for a while after it fired, so that nobody misses it. */
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
  /** Since when only `keepFiringFor` keeps it firing. */
  keptSince?: number;
  /** When it was handed to each notifier last, by the notifier's name. */
  sentAt: Record<string, number>;
}

/** When a notifier was told of an alert last, if it was. */
export function sentTo({ sentAt }: Alert, notifier: string): number | undefined {
  return Object.hasOwn(sentAt, notifier) ? sentAt[notifier] : undefined;
}

/** Notes that a notifier has been told; whatever it is called, also `__proto__`. */
export function noteSent(alert: Alert, notifier: string, time: number): void {
  alert.sentAt = { ...alert.sentAt, [notifier]: time };
}

/** What an evaluation found: an alert's labels, and what they are about now. */
export type FoundAlert = Pick<Alert, 'labels' | 'annotations' | 'value'>;

/** A change that somebody may want to hear of. `inactive`: it was pending, and did not fire. */
export type AlertTransition = AlertState | 'inactive';

/** By the key of the alert's labels. */
export type Alerts = Map<string, Alert>;

/** How long resolved alerts are kept, and sent again: as long as Prometheus does. */
const RESOLVED_RETENTION_MS = 15 * 60_000;

/**
 * One step of a rule's alerts: pending while the expression gives them, firing after `for`, resolved after
 * `keep_firing_for`. The same steps as Prometheus' (rules/alerting.go, "Eval").
 *
 * @param alerts those of the last step; changed
 * @param found by key
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

/** Whether an alert whose series is gone goes on firing all the same. */
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

/** What a rule writes of its alerts: `ALERTS` with its state, and since when it is active in `ALERTS_FOR_STATE`. */
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
