import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base';
import {
  type DataPoint,
  type Histogram,
  MeterProvider,
  MetricReader,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { BUCKETS, labelsOf, VALUE_MASK, values } from '../workload';
import type { Contender, Kind, LabelledMetric, Library, Metric, OpenOptions, Total } from './contender';
import { serveText } from './http-server';
import { versionOf } from './version';

/** OpenTelemetry has neither bound handles nor summaries. */
export const contender: Contender = {
  title: `OTel SDK ${versionOf('@opentelemetry/sdk-metrics')}`,
  kinds: ['counter', 'gauge', 'histogram'],
  open,
};

type Meter = ReturnType<MeterProvider['getMeter']>;

function open({ series, deliverTo }: OpenOptions): Library {
  const reader = new Reader({ cardinalitySelector: () => series + 1 });
  const readers: MetricReader[] = [reader];
  if (deliverTo !== undefined) readers.push(periodicReader(deliverTo.url));
  const views = [{ instrumentName: '*', aggregationCardinalityLimit: series + 1 }];
  const provider = new MeterProvider({ readers, views });
  const meter = provider.getMeter('perf');
  const make = (kind: Kind, name: string) => metricOf(meter, kind, name, () => reader.total(name));
  const serializer = new PrometheusSerializer(undefined, false, undefined, true, true);
  return {
    plain: (kind, name) => make(kind, name).plain,
    labelled: (kind, name) => make(kind, name).labelled,
    // what the request handler of its PrometheusExporter does
    serve: () =>
      serveText('text/plain; version=0.0.4', async () =>
        serializer.serialize((await reader.collect()).resourceMetrics),
      ),
    flush: () => provider.forceFlush(),
    exercise: () => exercise(meter, reader),
    close: () => provider.shutdown(),
  };
}

/** What it has for delivery: a reader that collects and exports now and then, here only when it is asked to. */
function periodicReader(url: string): MetricReader {
  return new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter({ url: `${url}/v1/metrics`, compression: CompressionAlgorithm.GZIP }) as never,
    exportIntervalMillis: 2 ** 31 - 1,
  });
}

/** Its exporters of the Prometheus format are such readers: they collect when asked to. */
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

function metricOf(meter: Meter, kind: Kind, name: string, read: () => Promise<Total>) {
  const { plain, labelled, record } = loops[kind as keyof typeof loops](meter, name);
  return {
    plain: { run: plain, read } satisfies Metric,
    labelled: { run: labelled, record, read } satisfies LabelledMetric,
  };
}

type Loops = { plain: Metric['run']; labelled: Metric['run']; record: LabelledMetric['record'] };
type Maker = (meter: Meter, name: string) => Loops;

const counter: Maker = (meter, name) => {
  const instrument = meter.createCounter(name);
  return {
    plain: (order) => {
      for (let i = 0; i < order.length; i++) instrument.add(1);
    },
    labelled: (order) => {
      for (let i = 0; i < order.length; i++) instrument.add(1, labelsOf(order[i]));
    },
    record: (labels, value) => instrument.add(value, labels),
  };
};

const gauge: Maker = (meter, name) => {
  const instrument = meter.createGauge(name);
  return {
    plain: (order) => {
      for (let i = 0; i < order.length; i++) instrument.record(values[i & VALUE_MASK]);
    },
    labelled: (order) => {
      for (let i = 0; i < order.length; i++) instrument.record(values[i & VALUE_MASK], labelsOf(order[i]));
    },
    record: (labels, value) => instrument.record(value, labels),
  };
};

const histogram: Maker = (meter, name) => {
  const instrument = meter.createHistogram(name, { advice: { explicitBucketBoundaries: BUCKETS } });
  return {
    plain: (order) => {
      for (let i = 0; i < order.length; i++) instrument.record(values[i & VALUE_MASK]);
    },
    labelled: (order) => {
      for (let i = 0; i < order.length; i++) instrument.record(values[i & VALUE_MASK], labelsOf(order[i]));
    },
    record: (labels, value) => instrument.record(value, labels),
  };
};

const loops = { counter, gauge, histogram };

/** What else a program does with these metrics, on ones that are not measured. */
async function exercise(meter: Meter, reader: Reader): Promise<void> {
  const count = meter.createCounter('other');
  const upDown = meter.createUpDownCounter('other_depth');
  const seconds = meter.createHistogram('other_seconds');
  for (let i = 0; i < 4096; i++) {
    count.add(i, { route: '/' });
    upDown.add(-1, { pool: i & 1 });
    seconds.record(i / 1024, { route: '/' });
  }
  await reader.collect();
}
