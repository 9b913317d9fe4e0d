import type { Arena } from '../arena/arena';
import type { Family } from '../registry/family';
import type { CallbackValue } from '../snapshot/collect';
import { type OwnMetric, registerOwnMetrics } from '../snapshot/own-metrics';
import type { Channel } from './channel';
import type { Count } from './delivery-record';

/** Reads a count of what a channel delivers. */
export const total =
  (what: Count) =>
  ({ queue }: Channel) =>
    queue.counted(what);

/** The metrics of every storage that delivers to a receiver, labelled with the storage's name. */
const METRICS: readonly OwnMetric<Channel>[] = [
  ['ringmeter_storage_stored_total', 'counter', 'Snapshots that were stored.', total('stored')],
  ['ringmeter_storage_failures_total', 'counter', 'Failed attempts to store a snapshot.', total('failures')],
  ['ringmeter_storage_retries_total', 'counter', 'Attempts that repeated a failed one.', total('retries')],
  [
    'ringmeter_storage_dropped_total',
    'counter',
    'Snapshots dropped because they were too old or the queue was full.',
    total('dropped'),
  ],
  [
    'ringmeter_storage_rejected_total',
    'counter',
    'Snapshots that the receiver refused permanently.',
    total('rejected'),
  ],
  ['ringmeter_storage_queue_snapshots', 'gauge', 'Snapshots in the queue.', ({ queue }) => queue.waiting],
  ['ringmeter_storage_queue_bytes', 'gauge', 'Size of the snapshots in the queue.', ({ queue }) => queue.waitingBytes],
  [
    'ringmeter_storage_last_success_timestamp_seconds',
    'gauge',
    'Unix time at which a snapshot was stored last; 0 = never.',
    ({ queue }) => queue.lastSuccess / 1000,
  ],
];

const NAMES: ReadonlySet<string> = new Set(METRICS.map(([name]) => name));

/** All families except the metrics of storages. */
export function withoutStorageMetrics(families: readonly Family[]): readonly Family[] {
  return families.filter(({ definition }) => !NAMES.has(definition.name));
}

/** Registers the storage metrics. */
export function registerStorageMetrics(
  arena: Arena,
  storages: readonly { name: string; channel: Channel }[],
): CallbackValue[] {
  return registerOwnMetrics(
    arena,
    'storage',
    METRICS,
    storages.map(({ name, channel }) => ({ name, part: channel })),
  );
}
