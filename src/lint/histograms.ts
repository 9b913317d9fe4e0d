import { parseDecimal } from '../common/parse-float';
import type { LabelPairs } from '../kinds/definition';
import type { ScrapedFamily, ScrapedSample } from '../scrape/types';
import { labelValue, seriesKey } from './series';

/** The lines of one series of a histogram. */
export interface HistogramSeries {
  labels: LabelPairs;
  /** In their order in the text; the bound is NaN if `le` is no number. */
  buckets: { bound: number; count: number; line: number }[];
  count?: number;
  sum?: number;
  line: number;
}

/** Groups the lines of a histogram by series. */
export function histogramSeries({ name, samples }: ScrapedFamily): HistogramSeries[] {
  const found = new Map<string, HistogramSeries>();
  for (const sample of samples) {
    const suffix = sample.name.slice(name.length);
    if (suffix === '_created' || suffix === '') continue;
    const series = seriesOf(found, sample);
    if (suffix === '_bucket') series.buckets.push(bucketOf(sample));
    else if (suffix.endsWith('count')) series.count = sample.value;
    else series.sum = sample.value;
  }
  return [...found.values()];
}

function seriesOf(found: Map<string, HistogramSeries>, { labels, line }: ScrapedSample): HistogramSeries {
  const key = seriesKey(labels, 'le');
  let series = found.get(key);
  if (series === undefined) {
    series = { labels, buckets: [], line };
    found.set(key, series);
  }
  return series;
}

function bucketOf({ labels, value, line }: ScrapedSample): HistogramSeries['buckets'][number] {
  const le = labelValue(labels, 'le');
  return { bound: (le === undefined ? undefined : parseDecimal(le)) ?? Number.NaN, count: value, line };
}

/** Observations of all series of a histogram that have the same bounds. */
export interface Observed {
  /** Ascending, without +Inf. */
  bounds: number[];
  /** Per bucket, not cumulative, +Inf last: one more than `bounds`. */
  counts: number[];
  count: number;
  /** NaN if some series has none. */
  sum: number;
}

/** Adds up the series of each layout; skips inconsistent series. */
export function observedByLayout(series: readonly HistogramSeries[]): Observed[] {
  const layouts = new Map<string, Observed>();
  for (const { buckets, sum = Number.NaN } of series) {
    const sorted = [...buckets].sort((a, b) => a.bound - b.bound);
    const bounds = sorted.slice(0, -1).map(({ bound }) => bound);
    const counts = sorted.map(({ count }, index) => count - (sorted[index - 1]?.count ?? 0));
    if (sorted.at(-1)?.bound !== Number.POSITIVE_INFINITY || !counts.every((count) => count >= 0)) continue;
    const key = bounds.join();
    const layout = layouts.get(key);
    if (layout === undefined) layouts.set(key, { bounds, counts, count: total(counts), sum });
    else add(layout, counts, sum);
  }
  return [...layouts.values()];
}

function add(layout: Observed, counts: readonly number[], sum: number): void {
  counts.forEach((count, bucket) => {
    layout.counts[bucket] += count;
    layout.count += count;
  });
  layout.sum += sum;
}

function total(counts: readonly number[]): number {
  return counts.reduce((all, count) => all + count, 0);
}
