import { counter } from './counter';
import type { Definition, MetricType } from './definition';
import { gauge } from './gauge';
import { histogram } from './histogram';
import type { Kind } from './kind';
import { summary } from './summary';

const KINDS: Readonly<Record<MetricType, Kind>> = { counter, gauge, histogram, summary };

/** The kind of a metric. */
export function kindOf({ type }: Pick<Definition, 'type'>): Kind {
  return KINDS[type];
}

/** Columns that each series of a metric has in a snapshot. */
export function columnCount(definition: Definition): number {
  return kindOf(definition).columnCount(definition);
}

/** The names of a metric's lines, without labels. */
export function sampleNames(definition: Pick<Definition, 'name' | 'type'>): string[] {
  return kindOf(definition).suffixes.map((suffix) => `${definition.name}${suffix}`);
}

/** Whether a metric counts in buckets, from which quantiles can be estimated. */
export function hasBuckets(definition: Definition): boolean {
  return kindOf(definition).pointType === 'histogram';
}

/** Whether the metric has a cumulative line of this name: the total since the series began. */
export function isCumulative(definition: Definition, line: string): boolean {
  const { name } = definition;
  return kindOf(definition)
    .samples(definition)
    .some(({ suffix, isCumulative }) => isCumulative && line === `${name}${suffix}`);
}
