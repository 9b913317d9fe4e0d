import type { Arena } from '../arena/arena';
import type { Definition } from '../kinds/definition';
import { toPairs } from './label-pairs';
import { decide } from './overlap';
import { readDefinition, registerFamily, registerSeries } from './register';

/** A series of the library itself, without cells: its value is read when a snapshot is made. */
export interface OwnSeries {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly description: string;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * Get-or-create of such a series.
 *
 * @param defaultLabels those of the collector
 * @returns its column in a snapshot; undefined if the user has a different metric of that name, or there is no room
 */
export function openOwnSeries(
  arena: Arena,
  { name, type, description, labels }: OwnSeries,
  defaultLabels: Readonly<Record<string, string>>,
): number | undefined {
  const definition = ownDefinition({ name, type, description }, Object.keys(labels));
  const family = registerFamily(arena, definition);
  if (family === 0 || !decide(arena, family) || readDefinition(arena, family).type !== type) return undefined;
  const pairs = toPairs(Object.entries(labels), Object.entries(defaultLabels));
  const limit = Number.POSITIVE_INFINITY;
  const { series } = registerSeries(arena, family, definition, { labels: pairs, limit, beyond: () => pairs });
  return series.id === 0 ? undefined : series.column;
}

/** The definition of one of the library's own metrics. */
export function ownDefinition(
  { name, type, description }: Omit<OwnSeries, 'labels'>,
  labelNames: string[] | null,
): Definition {
  return { name, type, description, labelNames, unit: '', buckets: [], quantiles: [], maxAge: 1, maxSamples: 1 };
}
