import type { Family } from '../aggregate/catalog';
import { matchesAll } from '../query/matchers';
import type { Matcher, SampleSeries, SampleSource } from '../query/types';
import type { MemoryBackend } from '../storage/memory-backend';

/** What a MemoryStorage keeps, as PromQL reads it. */
export class MemorySource implements SampleSource {
  constructor(
    private readonly backend: MemoryBackend,
    private readonly families: () => readonly Family[],
    private readonly defaultLabels: Readonly<Record<string, string>>,
  ) {}

  select(matchers: readonly Matcher[], from: number, to: number): readonly SampleSeries[] {
    return this.families()
      .flatMap(({ definition: { name } }) => this.backend.query({ name, labels: {}, from, to }))
      .map(({ name, labels, points }) => ({
        labels: { ...this.defaultLabels, ...labels, __name__: name },
        times: Float64Array.from(points, ({ timestamp }) => timestamp),
        values: Float64Array.from(points, ({ value }) => value),
      }))
      .filter(({ labels }) => matchesAll(labels, matchers));
  }
}
