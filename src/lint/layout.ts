import type { Observed } from './histograms';
import { proposeBuckets } from './propose';
import type { LintRule, Report } from './rules';

/** With fewer observations a layout is not judged. */
const LEAST_OBSERVATIONS = 100;
/** Share of observations above the highest bound from which p99 cannot be estimated. */
const MOST_BEYOND = 0.01;
/** Share of observations in one bucket from which the other buckets are useless. */
const MOST_IN_ONE = 0.95;
/** Largest ratio of the bounds of a quantile's bucket; 2.5 is usual. */
const WIDEST = 4;
const QUANTILES = [0.5, 0.95, 0.99];
/** Empty buckets at both ends from which the layout is reported. */
const LEAST_UNUSED = 5;

/** Compares a histogram's bounds with the values that were observed. */
export function lintLayout(observed: Observed, report: Report): void {
  if (observed.count < LEAST_OBSERVATIONS || observed.bounds.length === 0) return;
  const [rule, message] = beyond(observed) ?? inOne(observed) ?? coarse(observed) ?? unused(observed) ?? [];
  if (rule === undefined) return;
  const buckets = proposeBuckets(observed);
  if (buckets === undefined || buckets.join() === observed.bounds.join())
    report(rule, `${message}. Move the bounds to where the values are`);
  else report(rule, `${message}. Buckets that fit: [${buckets.join(', ')}]`, { buckets });
}

type LayoutProblem = [rule: LintRule, message: string] | undefined;

function beyond({ bounds, counts, count }: Observed): LayoutProblem {
  const share = counts[bounds.length] / count;
  if (share <= MOST_BEYOND) return undefined;
  const quantile = Number(((1 - share) * 100).toPrecision(3));
  return [
    'buckets-beyond',
    `has ${percent(share)} of its values above the highest bound, ${bounds.at(-1)}: quantiles above p${quantile} are unknown`,
  ];
}

function inOne({ bounds, counts, count }: Observed): LayoutProblem {
  const bucket = counts.findIndex((inside) => inside / count >= MOST_IN_ONE);
  if (bucket === -1) return undefined;
  return [
    'buckets-one',
    `has ${percent(counts[bucket] / count)} of its values in one bucket, ${range(bounds, bucket)}: its quantiles are guesses`,
  ];
}

function coarse({ bounds, counts, count }: Observed): LayoutProblem {
  for (const quantile of [...QUANTILES].reverse()) {
    const bucket = bucketOf(quantile * count, counts);
    const start = bucket === 0 ? 0 : bounds[bucket - 1];
    // a median below the first bound is accurate enough
    const isWide = bucket === 0 ? quantile > 0.5 && bounds[0] > 0 : start > 0 && bounds[bucket] > start * WIDEST;
    if (isWide)
      return [
        'buckets-coarse',
        `has its p${quantile * 100} in a wide bucket, ${range(bounds, bucket)}: it may be anywhere in that range`,
      ];
  }
  return undefined;
}

function bucketOf(rank: number, counts: readonly number[]): number {
  let [bucket, passed] = [0, counts[0]];
  while (passed < rank && bucket < counts.length - 1) passed += counts[++bucket];
  return bucket;
}

function unused({ bounds, counts }: Observed): LayoutProblem {
  const finite = counts.slice(0, -1);
  const first = finite.findIndex((count) => count > 0);
  const last = finite.findLastIndex((count) => count > 0);
  const empty = first + (finite.length - 1 - last);
  if (empty < LEAST_UNUSED || empty < bounds.length / 2) return undefined;
  return [
    'buckets-unused',
    `has ${empty} of its ${bounds.length} buckets without any value: each is a series for every set of labels`,
  ];
}

function range(bounds: readonly number[], bucket: number): string {
  return bucket === 0 ? `up to ${bounds[0]}` : `${bounds[bucket - 1]} to ${bounds[bucket]}`;
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}
