import { parseDecimal } from '../../common/parse-float';
import { cumulativeQuantile } from '../../kinds/histogram-value';
import { labelValue } from '../../lint/series';
import type { ScrapedFamily, ScrapedSample } from '../../scrape/types';
import { groupBy, type ScrapePair } from './reading';
import type { Section } from './section';
import { percent, perSecond, unitOf } from './units';

const QUANTILES = [0.5, 0.95, 0.99];
const HEAD = ['REQUESTS', 'RATE', 'ERRORS', 'P50', 'P95', 'P99'];
const IS_REQUESTS =
  /request.*(?:duration|latency|seconds|time)|(?:duration|latency).*request|http_server_duration|response_time/i;
/** Labels that contain the HTTP status of a request. */
const STATUS = ['status', 'status_code', 'code', 'http_status_code', 'http_response_status_code', 'statusCode'];
/** Labels that identify the target of a request. */
const ROUTES = ['route', 'http_route', 'path', 'handler', 'endpoint', 'url', 'method'];
const FAMILIES = 4;

/** Rate and latency of all request histograms; without any, of the histograms with the highest rates. */
export function requestsSection(reading: ScrapePair): Section {
  const histograms = reading.families.filter(({ type, samples }) => type === 'histogram' && samples.length > 0);
  const named = histograms.filter(({ name }) => IS_REQUESTS.test(name));
  const families = (named.length > 0 ? named : histograms)
    .map((family) => ({ family, volume: volumeOf(reading, family) }))
    .sort((a, b) => b.volume - a.volume)
    .slice(0, FAMILIES)
    .map(({ family }) => family);
  const rows = families.map(({ name, samples }) => requestRow(reading, { name, title: name, samples }));
  if (families.length > 0) rows.splice(1, 0, ...routeRows(reading, families[0]));
  const head = named.length > 0 ? HEAD : ['HISTOGRAMS', ...HEAD.slice(1)];
  return { head, rows, least: Math.min(4, rows.length), most: rows.length };
}

/** The rate; before the second scrape, the total count. */
function volumeOf(reading: ScrapePair, { name }: ScrapedFamily): number {
  return reading.rate(`${name}_count`) || (reading.value(`${name}_count`) ?? 0) / 1e12;
}

function routeRows(reading: ScrapePair, { name, samples }: ScrapedFamily): string[][] {
  const label = ROUTES.find((each) => labelValue(samples[0].labels, each) !== undefined);
  if (label === undefined) return [];
  const groups = [...groupBy(samples, label)].map(([value, group]) => ({
    value,
    group,
    volume: countOf(reading, name, group),
  }));
  if (groups.length < 2) return [];
  return groups
    .filter(({ volume }) => volume > 0)
    .sort((a, b) => b.volume - a.volume)
    .slice(0, 20)
    .map(({ value, group }) =>
      requestRow(reading, { name, title: `  ${value || '(none)'}`, samples: group, within: [label, value] }),
    );
}

function countOf(reading: ScrapePair, name: string, samples: readonly ScrapedSample[]): number {
  return samples
    .filter((sample) => sample.name === `${name}_count`)
    .reduce((sum, sample) => sum + (reading.increase(sample) || sample.value / 1e12), 0);
}

interface Row {
  name: string;
  title: string;
  samples: readonly ScrapedSample[];
  /** The label and the value that these samples have in common. */
  within?: readonly [label: string, value: string];
}

function requestRow(reading: ScrapePair, { name, title, samples, within }: Row): string[] {
  const counts = samples.filter((sample) => sample.name === `${name}_count`);
  const answers = hasStatus(counts) ? counts : counterBeside(reading, name, within);
  const rate = counts.reduce((sum, sample) => sum + reading.increase(sample), 0) / reading.elapsed;
  const buckets = samples.filter((sample) => sample.name === `${name}_bucket`);
  const show = unitOf(name);
  return [title, perSecond(rate), percent(errorShare(reading, answers)), ...quantilesOf(reading, buckets).map(show)];
}

function statusOf({ labels }: ScrapedSample): string | undefined {
  for (const label of STATUS) {
    const value = labelValue(labels, label);
    if (value !== undefined) return value;
  }
  return undefined;
}

function hasStatus(samples: readonly ScrapedSample[]): boolean {
  return samples.some((sample) => statusOf(sample) !== undefined);
}

/** The counter with statuses for a histogram without them: `x_requests_total` for `x_request_duration_seconds`. */
function counterBeside(reading: ScrapePair, histogram: string, within: Row['within']): readonly ScrapedSample[] {
  const samples = reading.samples(histogram.replace(/_request_.*$/, '_requests_total'));
  return within === undefined ? samples : (groupBy(samples, within[0]).get(within[1]) ?? []);
}

/** The share of 5xx answers; undefined if the statuses are unknown, NaN without answers. */
function errorShare(reading: ScrapePair, answers: readonly ScrapedSample[]): number | undefined {
  if (!hasStatus(answers)) return undefined;
  let [all, errors] = [0, 0];
  for (const sample of answers) {
    const increase = reading.increase(sample);
    all += increase;
    if (/^5(?:\d\d|xx)$/i.test(statusOf(sample) ?? '')) errors += increase;
  }
  return errors / all;
}

/** Quantiles of the observations since the previous scrape; without any, of all observations. */
function quantilesOf(reading: ScrapePair, buckets: readonly ScrapedSample[]): number[] {
  const recent = quantiles(buckets, (sample) => reading.increase(sample));
  return Number.isNaN(recent[0]) ? quantiles(buckets, ({ value }) => value) : recent;
}

function quantiles(buckets: readonly ScrapedSample[], countOf: (sample: ScrapedSample) => number): number[] {
  const counts = new Map<number, number>();
  for (const sample of buckets) {
    const bound = parseDecimal(labelValue(sample.labels, 'le') ?? '') ?? Number.NaN;
    counts.set(bound, (counts.get(bound) ?? 0) + countOf(sample));
  }
  const sorted = [...counts].sort(([a], [b]) => a - b);
  if (sorted.at(-1)?.[0] !== Number.POSITIVE_INFINITY) return QUANTILES.map(() => Number.NaN);
  let most = 0;
  const cumulative = sorted.map(([, count]) => {
    // sums over series with different layouts may decrease
    most = Math.max(most, count);
    return most;
  });
  const bounds = sorted.slice(0, -1).map(([bound]) => bound);
  return QUANTILES.map((quantile) => cumulativeQuantile(quantile, bounds, cumulative));
}
