import { types } from 'node:util';
import { RingmeterError, shown } from '../common/errors';
import type { MetricsCollector } from './collector';

/** What everything that is given a collector calls of it. */
const METHODS = ['counter', 'gauge', 'histogram', 'summary'] as const;

/**
 * Told by what it can do, not by its class: a program may have loaded several copies of the package, and only the public
 * methods of a collector are called.
 *
 * @throws RingmeterError RINGMETER_INVALID_OPTION
 */
export function checkCollector(collector: unknown): MetricsCollector {
  if (isCollector(collector)) return collector;
  throw new RingmeterError('RINGMETER_INVALID_OPTION', `collector must be a MetricsCollector, got ${shown(collector)}`);
}

/** The same where it may be left out. */
export function checkGivenCollector(collector: unknown): MetricsCollector | undefined {
  return collector === undefined ? undefined : checkCollector(collector);
}

function isCollector(value: unknown): value is MetricsCollector {
  try {
    const { handle, ...methods } = pick(value as Partial<MetricsCollector>);
    return types.isSharedArrayBuffer(handle?.arena) && Object.values(methods).every((one) => typeof one === 'function');
  } catch {
    // not an object, or one whose getters throw
    return false;
  }
}

function pick(value: Partial<MetricsCollector>): Partial<MetricsCollector> {
  return Object.fromEntries(['handle' as const, ...METHODS].map((key) => [key, value[key]]));
}
