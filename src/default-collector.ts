import { types } from 'node:util';
import { AttachedTo, type CollectorHandle, MetricsCollector } from './collector';
import { adoptDefault, inheritedArena, presentDefault, remembered } from './process-default';

/**
 * Joins a collector of another thread: its metrics, this thread's own shard. The same handle gives the same collector; on the
 * thread that made it, that one.
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
