import { type DataPoint, type Histogram, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { BUCKETS, labelsOf, VALUE_MASK, values } from '../workload';
import type { Benchmark, Contender, Session, Total } from './contender';
import { versionOf } from './version';

/** OpenTelemetry has neither bound handles nor summaries: those rows stay empty. */
export const contender: Contender = { title: `OTel SDK ${versionOf('@opentelemetry/sdk-metrics')}`, open };

function open(): Session {
  const reader = new Reader();
  const provider = new MeterProvider({ readers: [reader] });
  const meter = provider.getMeter('perf');
  const plainCounter = meter.createCounter('jobs');
  const counter = meter.createCounter('requests');
  const gauge = meter.createGauge('load');
  const advice = { explicitBucketBoundaries: BUCKETS };
  const plainHistogram = meter.createHistogram('job_seconds', { advice });
  const histogram = meter.createHistogram('request_seconds', { advice });
  const benchmarks: Record<string, Benchmark> = {
    'counter, no labels': {
      kind: 'counter',
      run: (records) => {
        for (let i = 0; i < records; i++) plainCounter.add(1);
      },
      read: () => reader.total('jobs'),
    },
    'counter, label object': {
      kind: 'counter',
      run: (records) => {
        for (let i = 0; i < records; i++) counter.add(1, labelsOf(i));
      },
      read: () => reader.total('requests'),
    },
    'gauge set, label object': {
      kind: 'gauge',
      run: (records) => {
        for (let i = 0; i < records; i++) gauge.record(values[i & VALUE_MASK], labelsOf(i));
      },
      read: () => reader.total('load'),
    },
    'histogram, no labels': {
      kind: 'histogram',
      run: (records) => {
        for (let i = 0; i < records; i++) plainHistogram.record(values[i & VALUE_MASK]);
      },
      read: () => reader.total('job_seconds'),
    },
    'histogram, label object': {
      kind: 'histogram',
      run: (records) => {
        for (let i = 0; i < records; i++) histogram.record(values[i & VALUE_MASK], labelsOf(i));
      },
      read: () => reader.total('request_seconds'),
    },
  };
  return { benchmarks, countsBytes: true, exercise: () => exercise(meter, reader), close: () => provider.shutdown() };
}

/** Collects when it is asked to, and only then. */
class Reader extends MetricReader {
  async total(name: string): Promise<Total> {
    const { resourceMetrics } = await this.collect();
    const metric = resourceMetrics.scopeMetrics
      .flatMap((scope) => scope.metrics)
      .find(({ descriptor }) => descriptor.name === name);
    const points = (metric?.dataPoints ?? []) as DataPoint<number | Histogram>[];
    const total = { count: 0, sum: 0 };
    for (const { value } of points) {
      total.count += typeof value === 'number' ? value : value.count;
      total.sum += typeof value === 'number' ? value : (value.sum ?? 0);
    }
    return total;
  }

  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

/** What else a program does with these metrics, on ones that are not measured. */
async function exercise(meter: ReturnType<MeterProvider['getMeter']>, reader: Reader): Promise<void> {
  const counter = meter.createCounter('other');
  const upDown = meter.createUpDownCounter('other_depth');
  const histogram = meter.createHistogram('other_seconds');
  for (let i = 0; i < 4096; i++) {
    counter.add(i, { route: '/' });
    upDown.add(-1, { pool: i & 1 });
    histogram.record(i / 1024, { route: '/' });
  }
  await reader.collect();
}
