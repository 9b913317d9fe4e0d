import type { Arena } from '../arena/arena';
import type { Settings } from '../common/settings';
import { openOwnSeries } from '../registry/own-series';
import type { CallbackValue } from './collect';

type Kind = 'counter' | 'gauge';

/** A metric that the library exposes about each of its parts of one kind (such as each storage). */
export type OwnMetric<Part> = readonly [name: string, type: Kind, description: string, read: (part: Part) => number];

/** One such part, and the value of the label that identifies it. */
export interface LabelledPart<Part> {
  readonly name: string;
  readonly part: Part;
}

/** Registers metrics for parts. Skips names that the user has defined differently, and metrics without room. */
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
