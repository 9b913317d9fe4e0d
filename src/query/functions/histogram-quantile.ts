import { parseDecimal } from '../../common/parse-float';
import { Block, type Column } from '../block';
import type { Budget } from '../budget';
import { Numbers } from '../grouping';
import { keyOf, labelOf, NAME, pick, withLabel } from '../labels';
import type { Memory } from '../memory';
import { sortSlowly } from '../sorting';
import type { LabelSet } from '../types';

/** The buckets of one histogram. */
interface Histogram {
  labels: LabelSet;
  /** By upper bound, ascending. */
  buckets: { bound: number; series: number }[];
}

/** `histogram_quantile(quantile, buckets)` of classic histograms. */
export async function histogramQuantiles(
  quantile: Column,
  block: Block,
  budget: Budget,
  memory: Memory,
): Promise<Block> {
  const histograms = await memory.of(block.labels, budget, (labels) => histogramsOf(labels, budget));
  const { steps, values, present } = block;
  const labels = histograms.map(({ labels }) => labels);
  const result = Block.of(labels, steps, budget);
  for (const [index, { buckets }] of histograms.entries()) {
    const visit = (step: number): void => {
      const there = buckets.filter(({ series }) => present[series * steps + step] === 1);
      if (there.length === 0) return;
      const cell = index * steps + step;
      const counts = there.map(({ series }) => values[series * steps + step]);
      const bounds = there.map(({ bound }) => bound);
      result.values[cell] = bucketQuantile(quantile[step], bounds, counts);
      result.present[cell] = 1;
    };
    const before = budget.heldBytes;
    budget.holdEntries(5 * buckets.length);
    await budget.each(steps, visit, buckets.length * 10 + 10);
    budget.releaseBytes(budget.heldBytes - before);
  }
  block.release();
  return result.merged();
}

async function histogramsOf(labels: readonly LabelSet[], budget: Budget): Promise<Histogram[]> {
  const keys = new Numbers(budget);
  const histograms: Histogram[] = [];
  await budget.each(labels.length, (series) => {
    const one = labels[series];
    const bound = parseDecimal(labelOf(one, 'le'));
    if (bound === undefined) return;
    // the result has no name, but series with different names are different histograms
    keys.charge(one);
    const number = keys.of(keyOf(withLabel(one, 'le', '')), histograms.length);
    if (number === histograms.length) {
      budget.holdObject(Object.keys(one).length + 4);
      histograms.push({ labels: pick(one, (name) => name !== 'le' && name !== NAME), buckets: [] });
    }
    budget.holdObject(2);
    histograms[number].buckets.push({ bound, series });
  });
  keys.release();
  for (const { buckets } of histograms) await sortSlowly(buckets, (a, b) => a.bound - b.bound || 0, budget);
  return histograms;
}

/**
 * A quantile of buckets, by linear interpolation in the one it falls into: NaN without observations or without a bucket of
 * +Inf, the highest other bound in that one; the first bucket begins at 0, if its bound is positive.
 * Source: Prometheus documentation, "histogram_quantile()"; `bucketQuantile` of Prometheus 2.42.
 *
 * @param bounds ascending
 * @param counts of observations up to the bound
 */
export function bucketQuantile(quantile: number, bounds: readonly number[], counts: readonly number[]): number {
  if (Number.isNaN(quantile)) return Number.NaN;
  if (quantile < 0) return Number.NEGATIVE_INFINITY;
  if (quantile > 1) return Number.POSITIVE_INFINITY;
  if (bounds[bounds.length - 1] !== Number.POSITIVE_INFINITY) return Number.NaN;
  const buckets = monotonic(bounds, counts);
  const last = buckets.bounds.length - 1;
  const total = buckets.counts[last];
  if (last < 1 || total === 0) return Number.NaN;
  const rank = quantile * total;
  const bucket = firstWith(buckets.counts, rank);
  if (bucket === last) return buckets.bounds[last - 1];
  const bound = buckets.bounds[bucket];
  if (bucket === 0) return bound <= 0 ? bound : bound * (rank / buckets.counts[0]);
  const [start, before] = [buckets.bounds[bucket - 1], buckets.counts[bucket - 1]];
  return start + (bound - start) * ((rank - before) / (buckets.counts[bucket] - before));
}

/** Adds up buckets with equal bounds, and raises a count that is less than that of the bucket below. */
function monotonic(bounds: readonly number[], counts: readonly number[]): { bounds: number[]; counts: number[] } {
  const result = { bounds: [bounds[0]], counts: [counts[0]] };
  for (let index = 1; index < bounds.length; index++) {
    const last = result.bounds.length - 1;
    if (bounds[index] === result.bounds[last]) result.counts[last] += counts[index];
    else {
      result.bounds.push(bounds[index]);
      result.counts.push(counts[index]);
    }
  }
  let most = result.counts[0];
  for (let index = 1; index < result.counts.length; index++) {
    if (result.counts[index] > most) most = result.counts[index];
    else if (result.counts[index] < most) result.counts[index] = most;
  }
  return result;
}

/** The first bucket with at least `rank` observations, otherwise the last. A binary search, also if a count is NaN. */
function firstWith(counts: readonly number[], rank: number): number {
  let low = 0;
  let high = counts.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (counts[middle] >= rank) high = middle;
    else low = middle + 1;
  }
  return low;
}
