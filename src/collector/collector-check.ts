import { types } from 'node:util';
import { RingmeterError, shown } from '../common/errors';
import type { MetricsCollector } from './collector';

/** The methods by which a collector is recognized. */
const METHODS = ['counter', 'gauge', 'histogram', 'summary'] as const;

/**
 * Duck typing instead of `instanceof`: a program may have loaded several copies of the package, and callers use only
 * public methods of a collector.
 *
 * @throws RingmeterError RINGMETER_INVALID_OPTION
 */
export function checkCollector(collector: unknown): MetricsCollector {
  if (isCollector(collector)) return collector;
  throw new RingmeterError('RINGMETER_INVALID_OPTION', `collector must be a MetricsCollector, got ${shown(collector)}`);
}

/** The same for an optional collector. */
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
