import { keyOf } from '../query/labels';
import { slicesOf } from '../query/slices';
import type { LabelSet, Matcher, SampleSeries, SampleSource, SelectHints } from '../query/types';

/** Cached keys of label objects, which are the same objects at every read. */
const keys = new WeakMap<LabelSet, string>();

/** Joins the history and the live history into one source: live samples replace those of the history where dense. */
export class SplicedSource implements SampleSource {
  constructor(
    private readonly history: SampleSource | undefined,
    private readonly live: SampleSource,
  ) {}

  select(matchers: readonly Matcher[], from: number, to: number, hints?: SelectHints): readonly SampleSeries[] {
    return [...this.slices(matchers, from, to, hints)].flat();
  }

  /** Reads the live history first, since it is bounded. */
  *slices(
    matchers: readonly Matcher[],
    from: number,
    to: number,
    hints?: SelectHints,
  ): Generator<readonly SampleSeries[]> {
    const newer = new Map<string, SampleSeries>();
    for (const slice of slicesOf(this.live, matchers, from, to, hints)) {
      if (this.history === undefined) yield slice;
      else {
        for (const series of slice) newer.set(cachedKeyOf(series.labels), series);
        yield [];
      }
    }
    if (this.history === undefined) return;
    for (const slice of slicesOf(this.history, matchers, from, to, hints))
      yield slice.map((series) => {
        const key = cachedKeyOf(series.labels);
        const more = newer.get(key);
        newer.delete(key);
        return more === undefined ? series : splice(series, more);
      });
    yield [...newer.values()];
  }
}

/**
 * Between live samples with a smaller distance in milliseconds, no history samples are inserted: distances would become
 * irregular, and `rate()` would extrapolate too little.
 */
const DENSE_MS = 2_000;

/** Fills the gaps of live samples with those of the history. */
function splice(history: SampleSeries, live: SampleSeries): SampleSeries {
  const length = history.times.length + live.times.length;
  const times = new Float64Array(length);
  const values = new Float64Array(length);
  const stale = history.stale || live.stale ? new Uint8Array(length) : undefined;
  let at = 0;
  let one = 0;
  for (let other = 0; other < live.times.length; other++) {
    const isDense = other > 0 && live.times[other] - live.times[other - 1] < DENSE_MS;
    for (; one < history.times.length && history.times[one] <= live.times[other]; one++)
      if (!isDense && history.times[one] < live.times[other]) take(history, one);
    take(live, other);
  }
  while (one < history.times.length) take(history, one++);
  return { labels: history.labels, times: times.subarray(0, at), values: values.subarray(0, at), ...staleUpTo() };

  function take(series: SampleSeries, index: number): void {
    times[at] = series.times[index];
    values[at] = series.values[index];
    if (stale !== undefined) stale[at] = series.stale?.[index] ?? 0;
    at++;
  }

  function staleUpTo(): { stale?: Uint8Array } {
    return stale === undefined ? {} : { stale: stale.subarray(0, at) };
  }
}

function cachedKeyOf(labels: LabelSet): string {
  let key = keys.get(labels);
  if (key === undefined) {
    key = keyOf(labels);
    keys.set(labels, key);
  }
  return key;
}
