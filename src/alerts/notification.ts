import type { LabelSet } from '../query/types';
import { packText, unpackText } from './packed-text';

/** An alert as notifiers tell of it. Times in wall-clock milliseconds. */
export interface NotifiedAlert {
  readonly state: 'firing' | 'resolved';
  readonly labels: LabelSet;
  readonly annotations: LabelSet;
  readonly value: string;
  readonly startsAt: number;
  /** Of one that is resolved. */
  readonly endsAt?: number;
}

/** What a notifier is to tell at once: alerts of one group. */
export interface Notification {
  readonly group: string;
  /** Milliseconds between two evaluations of the group. */
  readonly interval: number;
  readonly alerts: readonly NotifiedAlert[];
}

/**
 * A notification in the place of a snapshot, so that it waits, is tried again and outlives a thread as those do. It is
 * never a repetition of another one, whenever it was taken: `takenAt` is no number.
 */
export function toQueued(notification: Notification) {
  const values = packText(JSON.stringify(notification));
  return { timestamp: Date.now(), takenAt: Number.NaN, families: [], births: 0, values };
}

export function fromQueued({ values }: { values: Float64Array }): Notification {
  return JSON.parse(unpackText(values)) as Notification;
}
