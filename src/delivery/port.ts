import { sharedMemory } from '../atomics/shared-memory';
import { Channel, channelBytes } from './channel';
import { type ResolvedDelivery, resolveDelivery } from './delivery-options';
import type { QueueSizes } from './delivery-queue';
import type { Storage, StorageDescription } from './types';

/** Bytes of the queue of a direct storage, which is always empty. */
const LEAST_QUEUE = 128;

/** A storage as threads see it: its description, its delivery options and its shared channel. */
export interface StoragePort {
  description: StorageDescription;
  delivery: ResolvedDelivery;
  channel: SharedArrayBuffer;
}

/** Makes the ports of a collector's storages. Names are made unique: the second `file` is `file-2`. */
export function makePorts(storages: readonly Pick<Storage, 'description'>[], flushInterval: number): StoragePort[] {
  const names = new Set<string>();
  return storages.map(({ description }) => {
    const delivery = resolveDelivery(description.kind, description.delivery, flushInterval);
    for (let number = 2, { name } = delivery; names.has(delivery.name); number++) delivery.name = `${name}-${number}`;
    names.add(delivery.name);
    return {
      description,
      delivery,
      channel: sharedMemory(channelBytes(sizesOf(description, delivery)), 'queue.maxBytes'),
    };
  });
}

/** @param mark the calling thread's */
export function openChannel({ description, delivery, channel }: StoragePort, mark: number): Channel {
  return new Channel(channel, sizesOf(description, delivery), mark);
}

function sizesOf({ direct, keepsPrevious }: StorageDescription, delivery: ResolvedDelivery): QueueSizes {
  const { queueBytes, queueAge } = delivery;
  return { queueBytes: direct ? LEAST_QUEUE : queueBytes, queueAge, keepsPrevious: keepsPrevious === true };
}
