import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';
import type { Probe, ThreadSeries } from './series';

/** V8's heap statistics of this thread: the values of `process.memoryUsage()`, but without its system calls. */
export function heapProbe(series: ThreadSeries): Probe {
  const total = series.gauge('nodejs_heap_size_total_bytes', 'Process heap size from Node.js in bytes.');
  const used = series.gauge('nodejs_heap_size_used_bytes', 'Process heap size used from Node.js in bytes.');
  const external = series.gauge('nodejs_external_memory_bytes', 'Node.js external memory size in bytes.');
  const limit = series.gauge('nodejs_heap_size_limit_bytes', 'Heap size at which V8 gives up, in bytes.');
  const space = (what: string) =>
    series.gaugeBy(
      `nodejs_heap_space_size_${what}_bytes`,
      `Process heap space size ${what} from Node.js in bytes.`,
      'space',
    );
  const [spaceTotal, spaceUsed, spaceAvailable] = ['total', 'used', 'available'].map(space);
  return {
    sample() {
      const heap = getHeapStatistics();
      total(heap.total_heap_size);
      used(heap.used_heap_size);
      external(heap.external_memory);
      limit(heap.heap_size_limit);
      for (const { space_name, space_size, space_used_size, space_available_size } of getHeapSpaceStatistics()) {
        const space = space_name.replace(/_space$/, '');
        spaceTotal(space_size, space);
        spaceUsed(space_used_size, space);
        spaceAvailable(space_available_size, space);
      }
    },
  };
}
