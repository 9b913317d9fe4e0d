import type { CreateBackend } from '../delivery/types';
import type { Notification } from './notification';
import { NotifierBackend, type NotifierContext } from './notifier-backend';

/** Alerts expire if they are not re-sent for so many intervals, as in Prometheus. */
const INTERVALS = 4;

export const createBackend: CreateBackend = (context) => new NotifierBackend(context, compose);

/**
 * Source: Alertmanager's api/v2/openapi.yaml, "postAlerts". The expiry of a firing alert is computed when it is sent,
 * not when it is queued: an alert that had to wait in the queue must not arrive expired.
 */
function compose({ interval, alerts }: Notification, { url, resendInterval, externalLabels }: NotifierContext) {
  const target = new URL(url);
  target.pathname = `${target.pathname.replace(/\/+$/, '')}/api/v2/alerts`;
  const end = Date.now() + INTERVALS * Math.max(resendInterval, interval);
  const body = alerts.map(({ labels, annotations, startsAt, endsAt = end }) => ({
    labels: { ...externalLabels, ...labels },
    annotations,
    startsAt: new Date(startsAt).toISOString(),
    endsAt: new Date(endsAt).toISOString(),
  }));
  return { url: target.href, body };
}
