import type { Arena } from '../arena/arena';
import type { Settings } from '../common/settings';
import { openOwnSeries } from '../registry/own-series';
import type { CallbackValue } from './collect';

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
): CallbackValue[] {
  const { defaultLabels } = arena.settings as Settings;
  return metrics.flatMap(([name, type, description, read]) =>
    parts.flatMap(({ name: label, part }) => {
      const metric = { name, type, description, labels: { [labelName]: label } };
      const column = openOwnSeries(arena, metric, defaultLabels);
      return column === undefined ? [] : [{ column, read: () => read(part) }];
    }),
  );
}
