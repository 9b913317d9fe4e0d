import { slicesOf } from '../query/slices';
import type { Matcher, SampleSeries, SampleSource, SelectHints } from '../query/types';

/** Joins several sources into one: the measured series, and those that rules recorded. */
export class CombinedSource implements SampleSource {
  constructor(private readonly sources: readonly SampleSource[]) {}

  select(matchers: readonly Matcher[], from: number, to: number, hints?: SelectHints): readonly SampleSeries[] {
    return this.sources.flatMap((source) => source.select(matchers, from, to, hints));
  }

  *slices(
    matchers: readonly Matcher[],
    from: number,
    to: number,
    hints?: SelectHints,
  ): Generator<readonly SampleSeries[]> {
    for (const source of this.sources) yield* slicesOf(source, matchers, from, to, hints);
  }
}
