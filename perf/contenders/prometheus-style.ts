import type * as PromClient from 'prom-client';
import { BUCKETS, LABEL_NAMES, labelSets, labelsOf, SERIES_MASK, VALUE_MASK, values } from '../workload';
import type { Benchmark, Session, Total } from './contender';

type Library = Pick<typeof PromClient, 'Counter' | 'Gauge' | 'Histogram' | 'Summary' | 'Registry'>;
type Benchmarks = Record<string, Benchmark>;

/** prom-client and its successor have the same interface: what both are made to do. Each runs in its own process. */
export function openPrometheusStyle(library: Library): Session {
  const registry = new library.Registry();
  return {
    benchmarks: { ...counters(library, registry), ...gauges(library, registry), ...observers(library, registry) },
    countsBytes: true,
    exercise: () => exercise(library, registry),
  };
}

function definition(name: string, registry: PromClient.Registry, labelNames: readonly string[] = LABEL_NAMES) {
  return { name, help: name, labelNames: [...labelNames], registers: [registry] };
}

function counters({ Counter }: Library, registry: PromClient.Registry): Benchmarks {
  const plain = new Counter(definition('jobs_total', registry, []));
  const labelled = new Counter(definition('requests_total', registry));
  const bound = new Counter(definition('hits_total', registry));
  const handles = labelSets.map((labels) => bound.labels(labels));
  return {
    'counter, no labels': {
      kind: 'counter',
      run: (records) => {
        for (let i = 0; i < records; i++) plain.inc();
      },
      read: () => valuesOf(plain),
    },
    'counter, bound': {
      kind: 'counter',
      run: (records) => {
        for (let i = 0; i < records; i++) handles[i & SERIES_MASK].inc();
      },
      read: () => valuesOf(bound),
    },
    'counter, label object': {
      kind: 'counter',
      run: (records) => {
        for (let i = 0; i < records; i++) labelled.inc(labelsOf(i), 1);
      },
      read: () => valuesOf(labelled),
    },
  };
}

function gauges({ Gauge }: Library, registry: PromClient.Registry): Benchmarks {
  const labelled = new Gauge(definition('load', registry));
  const bound = new Gauge(definition('depth', registry));
  const handles = labelSets.map((labels) => bound.labels(labels));
  return {
    'gauge set, bound': {
      kind: 'gauge',
      run: (records) => {
        for (let i = 0; i < records; i++) handles[i & SERIES_MASK].set(values[i & VALUE_MASK]);
      },
      read: () => valuesOf(bound),
    },
    'gauge set, label object': {
      kind: 'gauge',
      run: (records) => {
        for (let i = 0; i < records; i++) labelled.set(labelsOf(i), values[i & VALUE_MASK]);
      },
      read: () => valuesOf(labelled),
    },
  };
}

function observers({ Histogram, Summary }: Library, registry: PromClient.Registry): Benchmarks {
  const plain = new Histogram({ ...definition('job_seconds', registry, []), buckets: BUCKETS });
  const histogram = new Histogram({ ...definition('request_seconds', registry), buckets: BUCKETS });
  const boundHistogram = new Histogram({ ...definition('hit_seconds', registry), buckets: BUCKETS });
  const summary = new Summary(definition('response_seconds', registry));
  const boundSummary = new Summary(definition('reply_seconds', registry));
  const histogramHandles = labelSets.map((labels) => boundHistogram.labels(labels));
  const summaryHandles = labelSets.map((labels) => boundSummary.labels(labels));
  return {
    'histogram, no labels': {
      kind: 'histogram',
      run: (records) => {
        for (let i = 0; i < records; i++) plain.observe(values[i & VALUE_MASK]);
      },
      read: () => observationsOf(plain),
    },
    'histogram, bound': {
      kind: 'histogram',
      run: (records) => {
        for (let i = 0; i < records; i++) histogramHandles[i & SERIES_MASK].observe(values[i & VALUE_MASK]);
      },
      read: () => observationsOf(boundHistogram),
    },
    'histogram, label object': {
      kind: 'histogram',
      run: (records) => {
        for (let i = 0; i < records; i++) histogram.observe(labelsOf(i), values[i & VALUE_MASK]);
      },
      read: () => observationsOf(histogram),
    },
    'summary, bound': {
      kind: 'summary',
      run: (records) => {
        for (let i = 0; i < records; i++) summaryHandles[i & SERIES_MASK].observe(values[i & VALUE_MASK]);
      },
      read: () => observationsOf(boundSummary),
    },
    'summary, label object': {
      kind: 'summary',
      run: (records) => {
        for (let i = 0; i < records; i++) summary.observe(labelsOf(i), values[i & VALUE_MASK]);
      },
      read: () => observationsOf(summary),
    },
  };
}

type Sample = { value: number; metricName?: string };

/** Counters and gauges: what their series add up to. */
async function valuesOf(metric: { get(): Promise<{ values: Sample[] }> }): Promise<Total> {
  const value = (await metric.get()).values.reduce((sum, sample) => sum + sample.value, 0);
  return { count: value, sum: value };
}

async function observationsOf(metric: { name?: string; get(): Promise<{ values: Sample[] }> }): Promise<Total> {
  const samples = (await metric.get()).values;
  const add = (suffix: string): number =>
    samples.reduce((sum, { metricName, value }) => (metricName?.endsWith(suffix) ? sum + value : sum), 0);
  return { count: add('_count'), sum: add('_sum') };
}

/** What else a program does with these metrics, on ones that are not measured. */
async function exercise({ Counter, Gauge, Histogram, Summary }: Library, registry: PromClient.Registry): Promise<void> {
  const counter = new Counter(definition('other_total', registry, []));
  const gauge = new Gauge(definition('other', registry, ['pool']));
  const histogram = new Histogram(definition('other_seconds', registry, ['route']));
  const summary = new Summary(definition('other_reply_seconds', registry, []));
  for (let i = 0; i < 4096; i++) {
    counter.inc(i);
    gauge.inc({ pool: 'a' });
    gauge.dec({ pool: i & 1 }, i);
    histogram.observe({ route: '/' }, i / 1024);
    summary.observe(i / 1024);
  }
  histogram.startTimer()();
  summary.startTimer()();
  await registry.metrics();
}
