import type { MetricsCollector } from 'ringmeter';
import program from '../fixtures/program.cjs';
import { parseExposition } from '../helpers/parse-exposition';
import { keyOf, type Samples } from './reference';

/** What a collector has, as objects. */
export async function samplesOf(collector: MetricsCollector): Promise<Samples> {
  const samples: Samples = new Map();
  for (const { name, type, labels, value, sum, buckets } of await collector.getAllMetrics()) {
    if (type === 'counter' || type === 'gauge') samples.set(keyOf(name, labels), value);
    else {
      samples.set(keyOf(`${name}_count`, labels), value);
      samples.set(keyOf(`${name}_sum`, labels), sum!);
      for (const { le, count } of buckets ?? []) samples.set(keyOf(`${name}_bucket`, labels, le), count);
    }
  }
  return samples;
}

/** The same from the text that a scrape gets, without the quantiles. */
export async function scrapedFrom(collector: MetricsCollector): Promise<Samples> {
  const samples: Samples = new Map();
  for (const { lines } of parseExposition((await collector.exposition()).body))
    for (const { name, labels, value } of lines) {
      const { le, quantile, ...own } = labels;
      if (quantile === undefined) samples.set(keyOf(name, own, le), value);
    }
  return samples;
}

/** Samples that went back: gauges may, and sums could if there were negative values, which there are not. */
export function wentBack(before: Samples, now: Samples): string[] {
  return [...before]
    .filter(([key, value]) => !key.startsWith('g_') && (now.get(key) ?? 0) < value)
    .map(([key, value]) => `${key} went back from ${value} to ${now.get(key)}`);
}

/** Series whose numbers do not belong together. Every value of a series of `s` is one more than its route's number. */
export function contradictions(samples: Samples): string[] {
  const problems: string[] = [];
  for (const [key, count] of samples) {
    const labels = key.slice(key.indexOf(' ') + 1);
    if (key.startsWith('h_count ')) {
      const upTo = [...program.BOUNDS, '+Inf'].map((le) => samples.get(`h_bucket ${labels} ${le}`)!);
      const counts = upTo.map((total, bucket) => total - (upTo[bucket - 1] ?? 0));
      const sum = samples.get(`h_sum ${labels}`)!;
      if (!program.agrees(counts, sum) || counts.some((each) => each < 0) || upTo.at(-1) !== count)
        problems.push(`${key}: ${count} observations, buckets ${counts}, sum ${sum}`);
    }
    if (key.startsWith('s_count ')) {
      const value = Number(/"r(\d+)"/.exec(labels)![1]) + 1;
      if (samples.get(`s_sum ${labels}`) !== count * value)
        problems.push(`${key}: ${count} times ${value} is not ${samples.get(`s_sum ${labels}`)}`);
    }
  }
  return problems;
}
