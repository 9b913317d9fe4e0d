import type { CreateBackend } from '../delivery/types';
import type { Notification } from './notification';
import { NotifierBackend, type NotifierContext } from './notifier-backend';

/** Alerts end by themselves if they have not been sent again for so many intervals, as Prometheus has it. */
const INTERVALS = 4;

export const createBackend: CreateBackend = (context) => new NotifierBackend(context, compose);

/**
 * Source: Alertmanager's api/v2/openapi.yaml, "postAlerts". When an alert ends that still fires is said when it is sent,
 * not when it was put into the queue: one that had to wait has not ended meanwhile.
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
