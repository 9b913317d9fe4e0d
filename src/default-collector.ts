import { AttachedTo, type CollectorHandle, MetricsCollector } from './collector';
import { adoptDefault, inheritedArena, presentDefault } from './process-default';

const attached = new WeakMap<SharedArrayBuffer, MetricsCollector>();

/**
 * Joins a collector of another thread: its metrics, this thread's own shard. The same handle gives the same collector.
 *
 * @throws RingmeterError RINGMETER_INVALID_HANDLE
 */
export function attachCollector(handle: CollectorHandle): MetricsCollector {
  const known = handle?.arena instanceof SharedArrayBuffer ? attached.get(handle.arena) : undefined;
  if (known !== undefined && !known.closed) return known;
  const collector = new MetricsCollector(new AttachedTo(handle));
  attached.set(handle.arena, collector);
  return collector;
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
