import type { LabelledMetric, Library } from '../contenders/contender';
import { within } from '../runner/limits';
import { everySeries } from '../workload';

/** Kinds of metrics that every request of a server is recorded in. */
const RECORDED_KINDS = ['counter', 'gauge', 'histogram'] as const;

export function requestMetrics(library: Library): LabelledMetric[] {
  return RECORDED_KINDS.map((kind) => library.labelled(kind, `request_${kind}`));
}

/** How many series each of them has if there are so many in all. */
export function seriesOfEach(series: number): number {
  return Math.floor(series / RECORDED_KINDS.length);
}

/** Every series is there from the beginning. */
export async function fill(library: Library, metrics: readonly LabelledMetric[], series: number): Promise<void> {
  const all = everySeries(series);
  for (const metric of metrics)
    await within(series, async (from, to) => {
      metric.run(all.subarray(from, to));
      await library.settle?.();
    });
}
