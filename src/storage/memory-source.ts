import type { Family } from '../aggregate/catalog';
import { sampleNames, samplesOf } from '../aggregate/samples';
import { matchesAll } from '../query/matchers';
import type { LabelSet, Matcher, SampleSeries, SampleSource } from '../query/types';
import { readLines } from './evaluate';
import type { History } from './history/history';
import type { Selected } from './selection';

/** The lines of a series with their labels, which are the same objects at every reading. */
interface KnownSeries extends Omit<Selected, 'lines'> {
  readonly labelSets: readonly LabelSet[];
}

/** The history of a `MemoryStorage` as PromQL reads it. */
export class MemorySource implements SampleSource {
  private readonly known = new Map<Family, KnownSeries[]>();

  /**
   * @param families the metrics that are registered now
   * @param exclusively runs something while no other thread changes the history
   */
  constructor(
    private readonly history: History,
    private readonly families: () => readonly Family[],
    private readonly exclusively: <T>(action: () => T) => T,
  ) {}

  select(matchers: readonly Matcher[], from: number, to: number): readonly SampleSeries[] {
    const name = matchers.find(({ name, operator }) => name === '__name__' && operator === '=')?.value;
    const selected = this.families()
      .filter(({ definition }) => name === undefined || sampleNames(definition).includes(name))
      .flatMap((family) => this.series(family).flatMap((series) => wanted(series, matchers)));
    if (selected.length === 0) return [];
    return this.exclusively(() => {
      const window = this.history.window(from, to);
      if (window.times.length === 0) return [];
      return selected.flatMap((series) => {
        const lines = readLines(window, series);
        return series.lines.flatMap((line) => {
          const { times, values, first } = lines[line];
          const samples = { times: times.subarray(first), values: values.subarray(first) };
          return samples.times.length === 0 ? [] : [{ labels: series.labelSets[line], ...samples }];
        });
      });
    });
  }

  private series(family: Family): readonly KnownSeries[] {
    const known = this.known.get(family) ?? [];
    this.known.set(family, known);
    const { definition, series } = family;
    for (let index = known.length; index < series.count; index++) {
      const samples = known[0]?.samples ?? samplesOf(definition);
      const labels = family.labels(index);
      const labelSets = samples.map(({ suffix, label }) => ({
        __name__: `${definition.name}${suffix}`,
        ...Object.fromEntries(label === undefined ? labels : [...labels, label]),
      }));
      const [column, place] = [series.columns[index], series.places[index]];
      known.push({ definition, samples, labels, labelSets, column, place });
    }
    return known;
  }
}

/** A series with those of its lines that fulfil the matchers, if any does. */
function wanted(series: KnownSeries, matchers: readonly Matcher[]): (KnownSeries & Selected)[] {
  const lines = series.labelSets.flatMap((labels, line) => (matchesAll(labels, matchers) ? [line] : []));
  return lines.length === 0 ? [] : [{ ...series, lines }];
}
