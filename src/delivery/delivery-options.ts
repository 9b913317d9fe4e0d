import { RingmeterError, shown } from '../common/errors';
import { checkInteger, checkNumber, checkOptions } from '../common/options-check';
import { ownProperties } from '../common/own-properties';
import type { DeliveryOptions } from './types';

/** Names of the delivery options; a storage checks them together with its own. */
export const DELIVERY_OPTIONS = ['name', 'interval', 'timeout', 'queue', 'retry'] as const;

/** How snapshots are delivered, with every default filled in; times in milliseconds. */
export interface ResolvedDelivery {
  name: string;
  interval: number;
  timeout: number;
  queueBytes: number;
  queueAge: number;
  firstDelay: number;
  longestDelay: number;
}

/**
 * Checks a storage's delivery options. Accepts any object that contains them among others.
 *
 * @throws RingmeterError RINGMETER_INVALID_OPTION
 */
export function checkDelivery(kind: string, options: DeliveryOptions): DeliveryOptions {
  const delivery = ownProperties(options, DELIVERY_OPTIONS);
  resolveDelivery(kind, delivery, 0);
  return delivery;
}

/** @param flushInterval the collector's, in milliseconds */
export function resolveDelivery(kind: string, delivery: DeliveryOptions, flushInterval: number): ResolvedDelivery {
  const given = ownProperties(delivery, DELIVERY_OPTIONS);
  const { name, interval, timeout } = given;
  const queue = checkOptions(`queue of ${kind}`, given.queue, ['maxBytes', 'maxAge']);
  const retry = checkOptions(`retry of ${kind}`, given.retry, ['firstDelay', 'longestDelay']);
  const firstDelay = checkNumber(`retry.firstDelay of ${kind}`, retry.firstDelay, 1_000, 1, 2 ** 31 - 1);
  return {
    name: checkName(kind, name),
    interval: checkNumber(`interval of ${kind}`, interval, flushInterval, 0, 2 ** 31 - 1),
    timeout: checkNumber(`timeout of ${kind}`, timeout, 10_000, 1, 2 ** 31 - 1),
    queueBytes: checkInteger(`queue.maxBytes of ${kind}`, queue.maxBytes, 32 * 2 ** 20, 4_096, 2 ** 31),
    queueAge: checkNumber(`queue.maxAge of ${kind}`, queue.maxAge, 3_600, 0.001, Number.MAX_SAFE_INTEGER) * 1000,
    firstDelay,
    longestDelay: checkNumber(
      `retry.longestDelay of ${kind}`,
      retry.longestDelay,
      Math.max(30_000, firstDelay),
      firstDelay,
      2 ** 31 - 1,
    ),
  };
}

function checkName(kind: string, name: unknown): string {
  if (name === undefined) return kind;
  if (typeof name === 'string' && name.length > 0 && name.length <= 64) return name;
  throw new RingmeterError(
    'RINGMETER_INVALID_OPTION',
    `name of ${kind} must be a string of 1 to 64 characters, got ${shown(name)}`,
  );
}
