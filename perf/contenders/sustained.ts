import { MetricsCollector } from 'ringmeter';
import { SERIES_MASK } from '../workload';
import type { Contender, Session } from './contender';
import { exercise } from './ringmeter';

export const SUSTAINED = 'counter, bound, without a pause';

/**
 * ringmeter's bound counter with no pause between bursts: the flush worker cannot keep up, the ring stays full, and most
 * records are folded in place.
 */
export const contender: Contender = { title: 'ringmeter, sustained', open };

function open(): Session {
  const collector = new MetricsCollector();
  const handles = Array.from({ length: SERIES_MASK + 1 }, (_, id) =>
    collector.counter('hits_total', { labelNames: ['id'], labels: { id } }),
  );
  return {
    benchmarks: {
      [SUSTAINED]: {
        kind: 'counter',
        run: (records) => {
          for (let i = 0; i < records; i++) handles[i & SERIES_MASK].increment();
        },
        read: () => ({ count: handles.reduce((sum, handle) => sum + handle.getValue(), 0) }),
      },
    },
    countsBytes: true,
    exercise: () => exercise(collector),
    close: () => collector.close(),
  };
}
