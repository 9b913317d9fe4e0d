import type { Matcher, SampleSeries, SampleSource, SelectHints } from './types';

/** Adapts a source with another clock: adds the difference to requested times, and subtracts it from returned ones. */
export class ShiftedSource implements SampleSource {
  /** @param ahead the difference in milliseconds, called at each read; mostly 0 */
  constructor(
    private readonly source: SampleSource,
    private readonly ahead: () => number,
  ) {}

  select(matchers: readonly Matcher[], from: number, to: number, hints?: SelectHints): readonly SampleSeries[] {
    const ahead = this.ahead();
    return back(this.source.select(matchers, from + ahead, to + ahead, hints), ahead);
  }

  *slices(
    matchers: readonly Matcher[],
    from: number,
    to: number,
    hints?: SelectHints,
  ): Generator<readonly SampleSeries[]> {
    const ahead = this.ahead();
    const slices = this.source.slices?.(matchers, from + ahead, to + ahead, hints);
    if (slices === undefined) yield this.select(matchers, from, to, hints);
    else for (const slice of slices) yield back(slice, ahead);
  }
}

function back(all: readonly SampleSeries[], ahead: number): readonly SampleSeries[] {
  if (ahead === 0) return all;
  return all.map((series) => ({ ...series, times: series.times.map((time) => time - ahead) }));
}
