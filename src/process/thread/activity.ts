import type { Probe, ThreadSeries } from './series';

/** Counting a thousand handles takes tens of microseconds: it may take at most a thousandth of the time. */
const PAUSE_PER_TIME = 1000;

interface Internals {
  _getActiveHandles?: () => unknown[];
  _getActiveRequests?: () => unknown[];
}

/** Active handles, requests and resources of this thread's event loop, by type. */
export function activityProbe(series: ThreadSeries): Probe {
  const counts = countsOf(series);
  let next = 0;
  return {
    sample() {
      const began = performance.now();
      if (began < next) return;
      for (const count of counts) count();
      next = began + (performance.now() - began) * PAUSE_PER_TIME;
    },
  };
}

function countsOf(series: ThreadSeries): (() => void)[] {
  const { _getActiveHandles, _getActiveRequests } = process as Internals;
  const { getActiveResourcesInfo } = process;
  const counts: (() => void)[] = [];
  const describe = (what: string) =>
    `Number of active libuv ${what}s grouped by ${what} type. Every ${what} type is C++ class name.`;
  if (_getActiveHandles !== undefined)
    counts.push(countBy(series, 'handles', describe('handle'), () => typesOf(_getActiveHandles.call(process))));
  if (_getActiveRequests !== undefined)
    counts.push(countBy(series, 'requests', describe('request'), () => typesOf(_getActiveRequests.call(process))));
  const resources =
    'Number of active resources that are currently keeping the event loop alive, grouped by async resource type.';
  counts.push(countBy(series, 'resources', resources, () => getActiveResourcesInfo.call(process)));
  return counts;
}

function countBy(series: ThreadSeries, what: string, description: string, list: () => string[]): () => void {
  const byType = series.gaugeBy(`nodejs_active_${what}`, description, 'type');
  const total = series.gauge(`nodejs_active_${what}_total`, `Total number of active ${what}.`);
  // a type that no longer occurs gets 0
  const counts = new Map<string, number>();
  return () => {
    const types = list();
    for (const type of counts.keys()) counts.set(type, 0);
    for (const type of types) counts.set(type, (counts.get(type) ?? 0) + 1);
    for (const [type, count] of counts) byType(count, type);
    total(types.length);
  };
}

function typesOf(objects: readonly unknown[]): string[] {
  return objects.map(
    (object) => (object as { constructor?: { name?: string } } | null)?.constructor?.name ?? 'unknown',
  );
}
