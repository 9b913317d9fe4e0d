import type { Definition, MetricType } from '../kinds/definition';
import { kindOf } from '../kinds/kinds';
import type { MetricValue } from '../kinds/value';
import { presenceIn, type Snapshot } from '../snapshot/snapshot';

/** One series with its present value. */
export interface Metric extends MetricValue {
  name: string;
  type: MetricType;
  description: string;
  unit: string;
  labels: Record<string, string>;
  /** Wall-clock milliseconds of the collect. */
  timestamp: number;
  /**
   * Since when the series counts, in wall-clock milliseconds: its first appearance, its last reset, or its return after a
   * removal. Only `readMetricsDirectory` with `starts` tells it.
   */
  start?: number;
}

/** A snapshot as plain objects. */
export function toMetrics(snapshot: Snapshot): Metric[] {
  const { timestamp, families, values } = snapshot;
  const metrics: Metric[] = [];
  for (const family of families) {
    const { count, columns } = family.series;
    const isThere = presenceIn(snapshot, family);
    for (let index = 0; index < count; index++)
      if (isThere(index)) {
        const labels = Object.fromEntries(family.labels(index));
        metrics.push(toMetric(family.definition, labels, { timestamp, values, column: columns[index] }));
      }
  }
  return metrics;
}

/** The columns of one series at one moment. */
export interface SeriesColumns {
  timestamp: number;
  values: Float64Array;
  /** Where those of the series begin. */
  column: number;
}

/** One series as a plain object, which keeps `labels`. */
export function toMetric(
  definition: Definition,
  labels: Record<string, string>,
  { timestamp, values, column }: SeriesColumns,
): Metric {
  const { name, type, description, unit } = definition;
  return { name, type, description, unit, labels, timestamp, ...kindOf(definition).value(definition, values, column) };
}
