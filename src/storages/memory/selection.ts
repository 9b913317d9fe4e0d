import type { ResolvedQuery } from '../../delivery/types';
import type { Definition, LabelPairs } from '../../kinds/definition';
import { kindOf } from '../../kinds/kinds';
import type { Sample } from '../../kinds/sample';
import type { Family } from '../../registry/family';

/** A series of which a query wants some lines. */
export interface Selected {
  definition: Definition;
  /** First column in a snapshot. */
  column: number;
  /** Place in the directory. */
  birth: number;
  labels: LabelPairs;
  /** The lines of the metric. */
  samples: readonly Sample[];
  /** Indexes of the wanted lines. */
  lines: readonly number[];
}

/** The series of a metric that match a query, with those of their lines that do. */
export function* select(family: Family, query: ResolvedQuery): Generator<Selected> {
  const { definition, series } = family;
  const samples = kindOf(definition).samples(definition);
  const wanted = Object.entries(query.labels);
  const named = samples.flatMap(({ suffix }, line) =>
    query.name === definition.name || query.name === `${definition.name}${suffix}` ? [line] : [],
  );
  for (let index = 0; named.length > 0 && index < series.count; index++) {
    const labels = family.labels(index);
    const values = new Map(labels);
    const lines = named.filter((line) => matches(values, samples[line], wanted));
    if (lines.length > 0)
      yield { definition, column: series.columns[index], birth: series.births[index], labels, samples, lines };
  }
}

/** Whether a line has all wanted labels. The label that the line adds (`le`) hides a series label of the same name. */
function matches(labels: ReadonlyMap<string, string>, { label }: Sample, wanted: [string, string][]): boolean {
  return wanted.every(([name, value]) => (name === label?.[0] ? label[1] : labels.get(name)) === value);
}
