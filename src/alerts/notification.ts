import type { LabelSet } from '../query/types';
import { packText, unpackText } from './packed-text';

/** An alert as it is passed to notifiers. Times in wall-clock milliseconds. */
export interface NotifiedAlert {
  readonly state: 'firing' | 'resolved';
  readonly labels: LabelSet;
  readonly annotations: LabelSet;
  readonly value: string;
  readonly startsAt: number;
  /** Of one that is resolved. */
  readonly endsAt?: number;
}

/** One message to a notifier: alerts of one group. */
export interface Notification {
  readonly group: string;
  /** Milliseconds between two evaluations of the group. */
  readonly interval: number;
  readonly alerts: readonly NotifiedAlert[];
}

/**
 * Packs a notification as a snapshot, so that the delivery queue stores it, retries it and keeps it when a thread dies.
 * `takenAt` is NaN, so that the queue never treats it as a repetition.
 */
export function toQueued(notification: Notification) {
  const values = packText(JSON.stringify(notification));
  return { timestamp: Date.now(), takenAt: Number.NaN, families: [], births: 0, values };
}

export function fromQueued({ values }: { values: Float64Array }): Notification {
  return JSON.parse(unpackText(values)) as Notification;
}
