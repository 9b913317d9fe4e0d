import type { MessagePort, Worker } from 'node:worker_threads';
import type * as PromClient from 'prom-client';
import { BUCKETS, LABEL_NAMES, labelsOf, VALUE_MASK, values } from '../workload';
import {
  type Contender,
  KINDS,
  type Kind,
  type LabelledMetric,
  type Library,
  type Metric,
  type OpenOptions,
} from './contender';
import { serveText } from './http-server';

type Client = Pick<typeof PromClient, 'Counter' | 'Gauge' | 'Histogram' | 'Summary' | 'Registry' | 'Pushgateway'>;
/** Ten minutes in five parts. */
const WINDOW = { maxAgeSeconds: 600, ageBuckets: 5 };

type Handles = { labels(labels: object): unknown };

/** prom-client and its successor have the same interface: what both are made to do. Each runs in its own process. */
export function prometheusStyle(title: string, client: Client, sumOf: SumOf): Contender {
  return { title, kinds: KINDS, open: (options) => open(client, sumOf, options) };
}

/** How a library adds up the registries of several threads. */
export interface SumOf {
  /** On the main thread. */
  render(workers: readonly Worker[]): () => Promise<string>;
  /** On a worker thread. */
  answer(port: MessagePort, registry: PromClient.Registry): void;
}

function open(client: Client, sumOf: SumOf, { deliverTo }: OpenOptions): Library {
  const registry = new client.Registry();
  const { Counter, Gauge, Histogram, Summary } = client;
  const make = {
    counter: (name: string, labelNames: string[]) => counter(new Counter(definition(name, registry, labelNames))),
    gauge: (name: string, labelNames: string[]) => gauge(new Gauge(definition(name, registry, labelNames))),
    histogram: (name: string, labelNames: string[]) =>
      observer(new Histogram({ ...definition(name, registry, labelNames), buckets: BUCKETS }), histogramLoops),
    summary: (name: string, labelNames: string[]) =>
      observer(new Summary(definition(name, registry, labelNames)), summaryLoops),
    window: (name: string, labelNames: string[]) =>
      observer(new Summary({ ...definition(name, registry, labelNames), ...WINDOW }), summaryLoops),
  };
  return {
    plain: (kind: Kind, name) => make[kind](name, []).plain,
    labelled: (kind: Kind, name) => make[kind](name, [...LABEL_NAMES]).labelled,
    serve: () => serveText(registry.contentType, () => registry.metrics()),
    serveSum: (workers) => serveText(registry.contentType, sumOf.render(workers)),
    answerSum: (port) => sumOf.answer(port, registry),
    flush: async () => {
      await new client.Pushgateway(deliverTo!.url, {}, registry).push({ jobName: 'perf' });
    },
    exercise: () => exercise(client, registry),
  };
}

function definition(name: string, registry: PromClient.Registry, labelNames: string[]) {
  return { name, help: name, labelNames, registers: [registry] };
}

function handlesOf<T>(metric: Handles, series: number): T[] {
  return Array.from({ length: series }, (_, i) => metric.labels(labelsOf(i)) as T);
}

interface Both {
  plain: Metric;
  labelled: LabelledMetric;
}

function counter(metric: PromClient.Counter): Both {
  const read = () => valuesOf(metric);
  return {
    plain: {
      run: (order) => {
        for (let i = 0; i < order.length; i++) metric.inc();
      },
      read,
    },
    labelled: {
      run: (order) => {
        for (let i = 0; i < order.length; i++) metric.inc(labelsOf(order[i]), 1);
      },
      record: (labels, value) => metric.inc(labels, value),
      bind: (series) => {
        const handles = handlesOf<PromClient.Counter.Internal>(metric, series);
        return (order) => {
          for (let i = 0; i < order.length; i++) handles[order[i]].inc();
        };
      },
      read,
    },
  };
}

function gauge(metric: PromClient.Gauge): Both {
  const read = () => valuesOf(metric);
  return {
    plain: {
      run: (order) => {
        for (let i = 0; i < order.length; i++) metric.set(values[i & VALUE_MASK]);
      },
      read,
    },
    labelled: {
      run: (order) => {
        for (let i = 0; i < order.length; i++) metric.set(labelsOf(order[i]), values[i & VALUE_MASK]);
      },
      record: (labels, value) => metric.set(labels, value),
      bind: (series) => {
        const handles = handlesOf<PromClient.Gauge.Internal<string>>(metric, series);
        return (order) => {
          for (let i = 0; i < order.length; i++) handles[order[i]].set(values[i & VALUE_MASK]);
        };
      },
      read,
    },
  };
}

type Observer = PromClient.Histogram | PromClient.Summary;
type Loops<M> = (metric: M) => Pick<Metric, 'run'> & { labels: Metric['run']; bind: LabelledMetric['bind'] };

function observer<M extends Observer>(metric: M, loopsOf: Loops<M>): Both {
  const { run, labels, bind } = loopsOf(metric);
  const read = () => observationsOf(metric);
  return {
    plain: { run, read },
    labelled: { run: labels, record: (given, value) => metric.observe(given, value), bind, read },
  };
}

/** Apart from those of the summary, so that V8 sees one kind of object in each loop. */
const histogramLoops: Loops<PromClient.Histogram> = (metric) => ({
  run: (order) => {
    for (let i = 0; i < order.length; i++) metric.observe(values[i & VALUE_MASK]);
  },
  labels: (order) => {
    for (let i = 0; i < order.length; i++) metric.observe(labelsOf(order[i]), values[i & VALUE_MASK]);
  },
  bind: (series) => {
    const handles = handlesOf<PromClient.Histogram.Internal<string>>(metric, series);
    return (order) => {
      for (let i = 0; i < order.length; i++) handles[order[i]].observe(values[i & VALUE_MASK]);
    };
  },
});

const summaryLoops: Loops<PromClient.Summary> = (metric) => ({
  run: (order) => {
    for (let i = 0; i < order.length; i++) metric.observe(values[i & VALUE_MASK]);
  },
  labels: (order) => {
    for (let i = 0; i < order.length; i++) metric.observe(labelsOf(order[i]), values[i & VALUE_MASK]);
  },
  bind: (series) => {
    const handles = handlesOf<PromClient.Summary.Internal<string>>(metric, series);
    return (order) => {
      for (let i = 0; i < order.length; i++) handles[order[i]].observe(values[i & VALUE_MASK]);
    };
  },
});

type Sample = { value: number; metricName?: string };
type Readable = { get(): Promise<{ values: Sample[] }> };

/** Counters and gauges: what their series add up to. */
async function valuesOf(metric: Readable) {
  const value = (await metric.get()).values.reduce((sum, sample) => sum + sample.value, 0);
  return { count: value, sum: value };
}

async function observationsOf(metric: Readable) {
  const samples = (await metric.get()).values;
  const add = (suffix: string): number =>
    samples.reduce((sum, { metricName, value }) => (metricName?.endsWith(suffix) ? sum + value : sum), 0);
  return { count: add('_count'), sum: add('_sum') };
}

/** What else a program does with these metrics, on ones that are not measured. */
async function exercise({ Counter, Gauge, Histogram, Summary }: Client, registry: PromClient.Registry): Promise<void> {
  const others = [
    new Counter(definition('other_total', registry, [])),
    new Gauge(definition('other', registry, ['pool'])),
    new Histogram(definition('other_seconds', registry, ['route'])),
    new Summary(definition('other_reply_seconds', registry, [])),
  ] as const;
  const [count, level, histogram, summary] = others;
  for (let i = 0; i < 4096; i++) {
    count.inc(i);
    level.inc({ pool: 'a' });
    level.dec({ pool: i & 1 }, i);
    histogram.observe({ route: '/' }, i / 1024);
    summary.observe(i / 1024);
  }
  histogram.startTimer()();
  summary.startTimer()();
  await registry.metrics();
  for (const { name } of others as unknown as { name: string }[]) registry.removeSingleMetric(name);
}
