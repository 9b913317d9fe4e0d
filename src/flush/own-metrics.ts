import type { Reading } from '../aggregate/collect';
import type { Definition } from '../aggregate/definition';
import { toPairs } from '../aggregate/label-pairs';
import { settle } from '../aggregate/overlap';
import { readDefinition, registerFamily, registerSeries } from '../aggregate/register';
import type { Arena } from '../arena/arena';
import type { Settings } from '../settings';

type Kind = 'counter' | 'gauge';

/** Something that the library says of each of its own parts of one kind. */
export type OwnMetric<Part> = readonly [name: string, type: Kind, description: string, read: (part: Part) => number];

/** What is read of it, and what the label that tells it from the others says. */
export interface LabelledPart<Part> {
  readonly name: string;
  readonly part: Part;
}

/** Registers metrics for parts. What the user has defined otherwise, or there is no room for, is left out. */
export function registerOwnMetrics<Part>(
  arena: Arena,
  labelName: string,
  metrics: readonly OwnMetric<Part>[],
  parts: readonly LabelledPart<Part>[],
): Reading[] {
  return metrics.flatMap(([name, type, description, read]) =>
    parts.flatMap(({ name: label, part }) => {
      const column = registerColumn(arena, { name, type, description, labelNames: [labelName] }, label);
      return column === undefined ? [] : [{ column, read: () => read(part) }];
    }),
  );
}

function registerColumn(
  arena: Arena,
  metric: Pick<Definition, 'name' | 'type' | 'description' | 'labelNames'>,
  label: string,
): number | undefined {
  const definition: Definition = { ...metric, unit: '', buckets: [], quantiles: [], maxAge: 1, maxSamples: 1 };
  const { type, labelNames } = definition;
  const family = registerFamily(arena, definition);
  if (family === 0 || !settle(arena, family) || readDefinition(arena, family).type !== type) return undefined;
  const labels = toPairs([[labelNames![0], label]], Object.entries((arena.settings as Settings).defaultLabels));
  const limit = Number.POSITIVE_INFINITY;
  const { series } = registerSeries(arena, family, definition, { labels, limit, beyond: () => labels });
  return series.id === 0 ? undefined : series.column;
}
