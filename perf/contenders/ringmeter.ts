import { setTimeout as sleep } from 'node:timers/promises';
import { MetricsCollector } from 'ringmeter';
import { BUCKETS, LABEL_NAMES, labelSets, labelsOf, SERIES_MASK, VALUE_MASK, values } from '../workload';
import type { Benchmark, Contender, Session, Total } from './contender';

export const contender: Contender = { title: 'ringmeter', open };

function open(): Session {
  const collector = new MetricsCollector();
  const readBack = async (name: string): Promise<Total> => totalOf(collector, name);
  return {
    benchmarks: { ...counters(collector, readBack), ...gauges(collector, readBack), ...observers(collector, readBack) },
    countsBytes: true,
    exercise: () => exercise(collector),
    settle: () => drained(collector),
    audit: () => audit(collector),
    close: () => collector.close(),
  };
}

type ReadBack = (name: string) => Promise<Total>;
type Benchmarks = Record<string, Benchmark>;

function counters(collector: MetricsCollector, readBack: ReadBack): Benchmarks {
  const plain = collector.counter('jobs_total');
  const labelled = collector.counter('requests_total', { labelNames: LABEL_NAMES });
  const handles = labelSets.map((labels) => collector.counter('hits_total', { labelNames: LABEL_NAMES, labels }));
  return {
    'counter, no labels': {
      kind: 'counter',
      run: (records) => {
        for (let i = 0; i < records; i++) plain.increment();
      },
      read: () => readBack('jobs_total'),
    },
    'counter, bound': {
      kind: 'counter',
      run: (records) => {
        for (let i = 0; i < records; i++) handles[i & SERIES_MASK].increment();
      },
      read: () => readBack('hits_total'),
    },
    'counter, label object': {
      kind: 'counter',
      run: (records) => {
        for (let i = 0; i < records; i++) labelled.increment(1, labelsOf(i));
      },
      read: () => readBack('requests_total'),
    },
  };
}

function gauges(collector: MetricsCollector, readBack: ReadBack): Benchmarks {
  const labelled = collector.gauge('load', { labelNames: LABEL_NAMES });
  const handles = labelSets.map((labels) => collector.gauge('depth', { labelNames: LABEL_NAMES, labels }));
  return {
    'gauge set, bound': {
      kind: 'gauge',
      run: (records) => {
        for (let i = 0; i < records; i++) handles[i & SERIES_MASK].set(values[i & VALUE_MASK]);
      },
      read: () => readBack('depth'),
    },
    'gauge set, label object': {
      kind: 'gauge',
      run: (records) => {
        for (let i = 0; i < records; i++) labelled.set(values[i & VALUE_MASK], labelsOf(i));
      },
      read: () => readBack('load'),
    },
  };
}

function observers(collector: MetricsCollector, readBack: ReadBack): Benchmarks {
  const plain = collector.histogram('job_seconds', { buckets: BUCKETS });
  const histogram = collector.histogram('request_seconds', { buckets: BUCKETS, labelNames: LABEL_NAMES });
  const summary = collector.summary('response_seconds', { labelNames: LABEL_NAMES });
  const histogramHandles = labelSets.map((labels) =>
    collector.histogram('hit_seconds', { buckets: BUCKETS, labelNames: LABEL_NAMES, labels }),
  );
  const summaryHandles = labelSets.map((labels) =>
    collector.summary('reply_seconds', { labelNames: LABEL_NAMES, labels }),
  );
  return {
    'histogram, no labels': {
      kind: 'histogram',
      run: (records) => {
        for (let i = 0; i < records; i++) plain.observe(values[i & VALUE_MASK]);
      },
      read: () => readBack('job_seconds'),
    },
    'histogram, bound': {
      kind: 'histogram',
      run: (records) => {
        for (let i = 0; i < records; i++) histogramHandles[i & SERIES_MASK].observe(values[i & VALUE_MASK]);
      },
      read: () => readBack('hit_seconds'),
    },
    'histogram, label object': {
      kind: 'histogram',
      run: (records) => {
        for (let i = 0; i < records; i++) histogram.observe(values[i & VALUE_MASK], labelsOf(i));
      },
      read: () => readBack('request_seconds'),
    },
    'summary, bound': {
      kind: 'summary',
      run: (records) => {
        for (let i = 0; i < records; i++) summaryHandles[i & SERIES_MASK].observe(values[i & VALUE_MASK]);
      },
      read: () => readBack('reply_seconds'),
    },
    'summary, label object': {
      kind: 'summary',
      run: (records) => {
        for (let i = 0; i < records; i++) summary.observe(values[i & VALUE_MASK], labelsOf(i));
      },
      read: () => readBack('response_seconds'),
    },
  };
}

async function totalOf(collector: MetricsCollector, name: string): Promise<Total> {
  const series = (await collector.getAllMetrics()).filter((metric) => metric.name === name);
  const add = (pick: (metric: (typeof series)[number]) => number): number =>
    series.reduce((sum, metric) => sum + pick(metric), 0);
  const isGauge = series[0]?.type === 'gauge';
  return { count: add(({ value }) => value), sum: add(({ value, sum }) => (isGauge ? value : (sum ?? 0))) };
}

/** What else a program does with these metrics, on ones that are not measured. */
export function exercise(collector: MetricsCollector): void {
  const counter = collector.counter('other_total');
  const gauge = collector.gauge('other');
  const histogram = collector.histogram('other_seconds');
  const summary = collector.summary('other_reply_seconds');
  for (let i = 0; i < 1024; i++) {
    counter.inc(i);
    gauge.inc();
    gauge.decrement(i, { pool: i & 1 });
    histogram.observe(i / 1024, { route: '/' });
    summary.observe(i / 1024);
  }
  histogram.startTimer()();
  summary.time(() => counter.getValue());
  gauge.getValue();
  histogram.getQuantile(0.9);
  summary.getStatistics();
}

/** A little more than the interval at which a flush worker looks at the rings. */
const WORKERS_TURN_MS = 12;

/** Leaves the ring to the flush worker until it is empty, as a server does that has other work than recording. */
export async function drained(collector: MetricsCollector): Promise<void> {
  do await sleep(WORKERS_TURN_MS);
  while (collector.stats().pending > 0);
}

/** Whether every record went through a ring and into a series: otherwise something else was measured than was meant. */
export function audit(collector: MetricsCollector): string | undefined {
  const { recorded, folded, foldedInPlace, pending, dropped, invalid } = collector.stats();
  if (recorded === folded && foldedInPlace === 0) return undefined;
  const counts = { recorded, folded, foldedInPlace, pending, dropped, invalid };
  return `not every record went through a ring: ${JSON.stringify(counts)}`;
}
