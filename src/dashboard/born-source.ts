import { slicesOf } from '../query/slices';
import type { Matcher, SampleSeries, SampleSource, SelectHints } from '../query/types';
import { firstAt } from '../query/windows';

/** Information about the counters of a source; all times in wall-clock milliseconds. */
export interface Births {
  /** Whether a line of that name is a counter. */
  isCounted(name: string): boolean;
  /** The earliest possible start of a counter. */
  readonly madeAt: number;
  /** The times of the snapshots in a range, ascending. */
  times(from: number, to: number): ArrayLike<number>;
  /** How far before a range to check whether a line existed already. */
  readonly reach: number;
}

/**
 * Adds a sample of 0 to each new counter, at the time of the snapshot before its first one. Otherwise every rate would
 * miss the counter's value in its first sample: the first orders of a shop, the first requests after a start.
 */
export class BornSource implements SampleSource {
  constructor(
    private readonly source: SampleSource,
    private readonly births: Births,
  ) {}

  select(matchers: readonly Matcher[], from: number, to: number, hints?: SelectHints): readonly SampleSeries[] {
    return [...this.slices(matchers, from, to, hints)].flat();
  }

  *slices(
    matchers: readonly Matcher[],
    from: number,
    to: number,
    hints?: SelectHints,
  ): Generator<readonly SampleSeries[]> {
    // only the newest samples are wanted, for which the start does not matter
    if (hints?.latest) {
      yield* slicesOf(this.source, matchers, from, to, hints);
      return;
    }
    const { reach, isCounted, madeAt } = this.births;
    const earlier = from - reach;
    // counters made in the range began at 0; of older ones that is known only if a snapshot without them exists
    const taken = this.births.times(earlier, to);
    const knownFrom = madeAt >= from ? Number.NEGATIVE_INFINITY : (taken[0] ?? Number.POSITIVE_INFINITY);
    const born = (series: SampleSeries): SampleSeries[] => {
      const { times, labels } = series;
      const begin = firstAt(times, from);
      if (begin === times.length) return [];
      if (begin > 0) return [cut(series, begin)];
      if (times[0] <= knownFrom || !isCounted(labels.__name__)) return [series];
      const before = Math.max(taken[firstAt(taken, times[0]) - 1] ?? madeAt, from);
      return [before < times[0] ? withZero(series, before) : series];
    };
    for (const slice of slicesOf(this.source, matchers, earlier, to)) yield slice.flatMap(born);
  }
}

function cut({ labels, times, values, stale }: SampleSeries, begin: number): SampleSeries {
  const rest = { labels, times: times.subarray(begin), values: values.subarray(begin) };
  return stale === undefined ? rest : { ...rest, stale: stale.subarray(begin) };
}

function withZero({ labels, times, values, stale }: SampleSeries, at: number): SampleSeries {
  const longer = { labels, times: after(at, times, Float64Array), values: after(0, values, Float64Array) };
  return stale === undefined ? longer : { ...longer, stale: after(0, stale, Uint8Array) };
}

function after<T extends Float64Array | Uint8Array>(first: number, rest: T, Kind: new (length: number) => T): T {
  const all = new Kind(rest.length + 1);
  all[0] = first;
  all.set(rest, 1);
  return all;
}
