import { setTimeout as sleep } from 'node:timers/promises';
import {
  attachCollector,
  type CollectorStats,
  FileStorage,
  MetricsCollector,
  OtlpStorage,
  PrometheusStorage,
  type Storage,
} from 'ringmeter';
import { TooMuch } from '../runner/benchmark';
import { BUCKETS, LABEL_NAMES, labelsOf, VALUE_MASK, values } from '../workload';
import {
  type Contender,
  KINDS,
  type LabelledMetric,
  type Library,
  type Metric,
  type OpenOptions,
  type Served,
  type Total,
} from './contender';
import { versionOf } from './version';

export const contender: Contender = { title: `ringmeter ${versionOf('ringmeter')}`, kinds: KINDS, open };

type Name = (typeof LABEL_NAMES)[number];
/** A window that no benchmark fills, so that what is read back is everything. */
const WINDOW = { maxAge: 86_400, maxSamples: 2 ** 31 };
const LARGEST_ARENA = 2 ** 31;
/** Series up to which the default size of the arena is left alone. */
const FEW_SERIES = 1_000;

function open({ series, joins, ...options }: OpenOptions): Library {
  const collector =
    joins === undefined ? create(series, options) : attachCollector(joins as MetricsCollector['handle']);
  const metrics = { counter, gauge, histogram, summary, window: summary };
  const serve = async (): Promise<Served> => {
    const endpoint = await collector.listen({ port: 0 });
    return { url: endpoint.url, close: () => endpoint.close() };
  };
  return {
    plain: (kind, name) => metrics[kind](collector, name, series).plain,
    labelled: (kind, name) => metrics[kind](collector, name, series).labelled,
    serve,
    serveSum: serve,
    flush: () => collector.flush(),
    flushed: () => collector.stats().storages[0].stored,
    handle: collector.handle,
    exercise: () => exercise(collector),
    settle: () => drained(collector),
    audit: () => audit(collector),
    close: () => collector.close(),
  };
}

function storageFor({ target, url, directory }: NonNullable<OpenOptions['deliverTo']>): Storage {
  switch (target) {
    case 'file':
      return new FileStorage({ directory });
    case 'pushgateway':
      return new PrometheusStorage({ pushgateway: { url, job: 'perf' } });
    case 'remote-write':
      return new PrometheusStorage({ remoteWrite: { url: `${url}/api/v1/write`, version: 1 } });
    case 'otlp':
      return new OtlpStorage({ url });
  }
}

function create(series: number, { deliverTo, ...options }: Omit<OpenOptions, 'series' | 'joins'>): MetricsCollector {
  const large = options.ringCapacity !== undefined || series > FEW_SERIES;
  return new MetricsCollector({
    ...options,
    // the peers keep no history either: most of them are only scraped
    storage: deliverTo === undefined ? [] : storageFor(deliverTo),
    flushInterval: 0,
    // with room to spare: threads that register a series at the same time count it twice for a moment
    cardinalityLimit: Math.max(2 * series, 10_000),
    seriesLimit: Math.max(2 * series, 1_000_000),
    ...(large && { maxMemory: LARGEST_ARENA }),
  });
}

interface Both {
  plain: Metric;
  labelled: LabelledMetric;
}

interface WithHandles<H> {
  labels(labels: Record<Name, string>): H;
}

function bindAll<H>(metric: WithHandles<H>, series: number): H[] {
  return Array.from({ length: series }, (_, i) => metric.labels(labelsOf(i)));
}

/** Reads through handles, one series after the other: no text of a million series is needed to check them. */
function readAll<H>(metric: WithHandles<H>, series: number, of: (handle: H) => Total): () => Total {
  return () => {
    const total = { count: 0, sum: 0 };
    for (let i = 0; i < series; i++) {
      const { count, sum } = of(metric.labels(labelsOf(i)));
      total.count += count;
      total.sum += sum ?? 0;
    }
    return total;
  };
}

const valueTotal = (of: { getValue(): number }): Total => ({ count: of.getValue(), sum: of.getValue() });
const options = { labelNames: LABEL_NAMES };

function counter(collector: MetricsCollector, name: string, series: number): Both {
  return {
    get plain(): Metric {
      const metric = collector.counter(name);
      return {
        run: (order) => {
          for (let i = 0; i < order.length; i++) metric.increment();
        },
        read: () => valueTotal(metric),
      };
    },
    get labelled(): LabelledMetric {
      const metric = collector.counter(name, options);
      return {
        run: (order) => {
          for (let i = 0; i < order.length; i++) metric.increment(1, labelsOf(order[i]));
        },
        record: (labels, value) => metric.increment(value, labels),
        bind: (count) => {
          const handles = bindAll(metric, count);
          return (order) => {
            for (let i = 0; i < order.length; i++) handles[order[i]].increment();
          };
        },
        read: readAll(metric, series, valueTotal),
      };
    },
  };
}

function gauge(collector: MetricsCollector, name: string, series: number): Both {
  return {
    get plain(): Metric {
      const metric = collector.gauge(name);
      return {
        run: (order) => {
          for (let i = 0; i < order.length; i++) metric.set(values[i & VALUE_MASK]);
        },
        read: () => valueTotal(metric),
      };
    },
    get labelled(): LabelledMetric {
      const metric = collector.gauge(name, options);
      return {
        run: (order) => {
          for (let i = 0; i < order.length; i++) metric.set(values[i & VALUE_MASK], labelsOf(order[i]));
        },
        record: (labels, value) => metric.set(value, labels),
        bind: (count) => {
          const handles = bindAll(metric, count);
          return (order) => {
            for (let i = 0; i < order.length; i++) handles[order[i]].set(values[i & VALUE_MASK]);
          };
        },
        read: readAll(metric, series, valueTotal),
      };
    },
  };
}

function histogram(collector: MetricsCollector, name: string, series: number): Both {
  const buckets = { buckets: BUCKETS };
  return {
    get plain(): Metric {
      const metric = collector.histogram(name, buckets);
      return {
        run: (order) => {
          for (let i = 0; i < order.length; i++) metric.observe(values[i & VALUE_MASK]);
        },
        read: () => metric.getValue(),
      };
    },
    get labelled(): LabelledMetric {
      const metric = collector.histogram(name, { ...options, ...buckets });
      return {
        run: (order) => {
          for (let i = 0; i < order.length; i++) metric.observe(values[i & VALUE_MASK], labelsOf(order[i]));
        },
        record: (labels, value) => metric.observe(value, labels),
        bind: (count) => {
          const handles = bindAll(metric, count);
          return (order) => {
            for (let i = 0; i < order.length; i++) handles[order[i]].observe(values[i & VALUE_MASK]);
          };
        },
        read: readAll(metric, series, (handle) => handle.getValue()),
      };
    },
  };
}

function summary(collector: MetricsCollector, name: string, series: number): Both {
  return {
    get plain(): Metric {
      const metric = collector.summary(name, WINDOW);
      return {
        run: (order) => {
          for (let i = 0; i < order.length; i++) metric.observe(values[i & VALUE_MASK]);
        },
        read: () => metric.getStatistics(),
      };
    },
    get labelled(): LabelledMetric {
      const metric = collector.summary(name, { ...options, ...WINDOW });
      return {
        run: (order) => {
          for (let i = 0; i < order.length; i++) metric.observe(values[i & VALUE_MASK], labelsOf(order[i]));
        },
        record: (labels, value) => metric.observe(value, labels),
        bind: (count) => {
          const handles = bindAll(metric, count);
          return (order) => {
            for (let i = 0; i < order.length; i++) handles[order[i]].observe(values[i & VALUE_MASK]);
          };
        },
        read: readAll(metric, series, (handle) => handle.getStatistics()),
      };
    },
  };
}

/** What else a program does with these metrics, on ones that are not measured. */
function exercise(collector: MetricsCollector): void {
  const count = collector.counter('other_total');
  const level = collector.gauge('other');
  const seconds = collector.histogram('other_seconds');
  const reply = collector.summary('other_reply_seconds');
  for (let i = 0; i < 1024; i++) {
    count.inc(i);
    level.inc();
    level.decrement(i, { pool: i & 1 });
    seconds.observe(i / 1024, { route: '/' });
    reply.observe(i / 1024);
  }
  seconds.startTimer()();
  reply.time(() => count.getValue());
  level.getValue();
  seconds.getQuantile(0.9);
  reply.getStatistics();
}

/** A little more than the interval at which a flush worker looks at the rings. */
const WORKERS_TURN_MS = 12;

/**
 * Leaves the ring to the flush worker until it is empty, as a server does that has other work than recording.
 *
 * @throws TooMuch if records were dropped because the arena is full
 */
async function drained(collector: MetricsCollector): Promise<void> {
  let stats: CollectorStats;
  do {
    await sleep(WORKERS_TURN_MS);
    stats = collector.stats();
  } while (stats.pending > 0);
  if (stats.dropped > 0 && stats.bytes > 0.99 * LARGEST_ARENA) throw new TooMuch('more than the largest arena, 2 GiB');
}

/** Whether every record went through a ring and into a series: otherwise something else was measured than was meant. */
function audit(collector: MetricsCollector): string | undefined {
  const { recorded, folded, foldedInPlace, pending, dropped, invalid } = collector.stats();
  if (recorded === folded && foldedInPlace === 0) return undefined;
  const counts = { recorded, folded, foldedInPlace, pending, dropped, invalid };
  return `not every record went through a ring: ${JSON.stringify(counts)}`;
}
