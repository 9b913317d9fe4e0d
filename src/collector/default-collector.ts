import { types } from 'node:util';
import { RingmeterError } from '../common/errors';
import { ownProperties } from '../common/own-properties';
import type { DefaultMetricsOptions } from '../process/options';
import { AttachedTo, type CollectorHandle, MetricsCollector } from './collector';
import { checkCollector } from './collector-check';
import { adoptDefault, inheritedArena, presentDefault, remembered, replaceDefault } from './process-default';

/**
 * Joins a collector of another thread: shares its metrics, and records into a shard of this thread. The same handle
 * returns the same object; on the thread that made the collector, the original.
 *
 * @throws RingmeterError RINGMETER_INVALID_HANDLE
 */
export function attachCollector(handle: CollectorHandle): MetricsCollector {
  const known = types.isSharedArrayBuffer(handle?.arena) ? remembered(handle.arena) : undefined;
  return known === undefined || known.closed ? new MetricsCollector(new AttachedTo(handle)) : known;
}

/**
 * The process's collector: the first one made, or one with default options if there is none yet. In a worker thread, the
 * collector of the thread that started it, joined without any wiring.
 */
export function getMetricsCollector(): MetricsCollector {
  const present = presentDefault();
  if (present !== undefined) return present;
  const arena = inheritedArena();
  if (arena === undefined) return new MetricsCollector();
  const collector = attachCollector({ arena });
  adoptDefault(collector);
  return collector;
}

/**
 * Measures the process, its threads and the machine: `collectDefaultMetrics({ prefix: 'api_' })`. The options are those of
 * prom-client, with `collector` in place of `register`; by default it is the process's collector.
 *
 * @throws RingmeterError RINGMETER_INVALID_OPTION, RINGMETER_METRIC_CONFLICT if they are measured otherwise already,
 * RINGMETER_CLOSED
 */
export function collectDefaultMetrics(options: DefaultMetricsOptions & { collector?: MetricsCollector } = {}): void {
  const { collector = getMetricsCollector(), ...others } = ownProperties(options ?? {});
  checkCollector(collector);
  if (Object.hasOwn(others, 'register'))
    throw new RingmeterError(
      'RINGMETER_INVALID_OPTION',
      'collectDefaultMetrics takes a collector where prom-client takes a register: { collector: new MetricsCollector() }',
    );
  collector.collectDefaultMetrics(others);
}

/**
 * Sets the process's collector: `getMetricsCollector()` and the global `record*` functions use it from now on, on this
 * thread and on worker threads that are started later.
 *
 * @throws RingmeterError RINGMETER_INVALID_OPTION, RINGMETER_CLOSED
 */
export function setMetricsCollector(collector: MetricsCollector): void {
  checkCollector(collector);
  if (collector.closed) throw new RingmeterError('RINGMETER_CLOSED', 'the collector has been closed');
  replaceDefault(collector);
}
