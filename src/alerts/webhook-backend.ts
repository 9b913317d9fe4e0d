import { createHash } from 'node:crypto';
import { quote } from '../common/go-string';
import type { CreateBackend } from '../delivery/types';
import { keyOf, labelOf } from '../query/labels';
import type { LabelSet } from '../query/types';
import type { Notification, NotifiedAlert } from './notification';
import { NotifierBackend, type NotifierContext } from './notifier-backend';

export const createBackend: CreateBackend = (context) => new NotifierBackend(context, compose);

/** Alertmanager's value for "no end yet". */
const NO_TIME = '0001-01-01T00:00:00Z';

/** Source: Alertmanager's documentation, "Configuration", "webhook_config", version 4. */
function compose({ group, alerts }: Notification, { url, name, externalLabels }: NotifierContext) {
  const all = alerts.map((alert) => describe(alert, externalLabels));
  const body = {
    version: '4',
    groupKey: `{}/{group=${quote(group)}}`,
    truncatedAlerts: 0,
    status: alerts.some(({ state }) => state === 'firing') ? 'firing' : 'resolved',
    receiver: name,
    groupLabels: {},
    commonLabels: common(all.map(({ labels }) => labels)),
    commonAnnotations: common(all.map(({ annotations }) => annotations)),
    externalURL: '',
    alerts: all,
  };
  return { url, body };
}

function describe(alert: NotifiedAlert, externalLabels: LabelSet) {
  const { state, annotations, startsAt, endsAt, value } = alert;
  const labels = { ...externalLabels, ...alert.labels };
  return {
    status: state,
    labels,
    annotations,
    value,
    startsAt: new Date(startsAt).toISOString(),
    endsAt: endsAt === undefined ? NO_TIME : new Date(endsAt).toISOString(),
    generatorURL: '',
    fingerprint: createHash('sha256').update(keyOf(labels)).digest('hex').slice(0, 16),
  };
}

/** The labels that all of them have in common. */
function common([first, ...others]: readonly LabelSet[]): LabelSet {
  return Object.fromEntries(
    Object.entries(first ?? {}).filter(([name, value]) => others.every((other) => labelOf(other, name) === value)),
  );
}
