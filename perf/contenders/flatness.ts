import { MetricsCollector } from 'ringmeter';
import { BUCKETS, BURST, VALUE_MASK, values } from '../workload';
import type { Benchmark, Contender, Session, Total } from './contender';
import { audit, drained } from './ringmeter';

/** How many series are touched at random; the columns of the flatness table. */
export const SERIES_COUNTS = [10, 1_000, 100_000] as const;
/**
 * Its rows. The floor touches as many objects at random, and stores a number of theirs into a small array. The event goes
 * to as many series without touching their handles: handles are objects of the user's, which the processor has to fetch
 * like any others, and this tells what of a record's cost is the ring's.
 */
export const ROWS = ['floor', 'event', 'counter', 'gauge', 'histogram', 'summary'] as const;

export const flatName = (row: string, series: number): string => `${row}, ${series} series`;

/** ringmeter's bound records, with ever more series. */
export const contender: Contender = { title: 'ringmeter, flatness', open };

function open(): Session {
  const collector = new MetricsCollector({ cardinalityLimit: Math.max(...SERIES_COUNTS), maxMemory: 2 ** 30 });
  const benchmarks: Record<string, Benchmark> = {};
  const makers = { floor, event, counter, gauge, histogram, summary };
  for (const series of SERIES_COUNTS) {
    for (const row of ROWS) benchmarks[flatName(row, series)] = makers[row](collector, series, new Order(series));
  }
  return {
    benchmarks,
    countsBytes: false,
    settle: () => drained(collector),
    audit: () => audit(collector),
    close: () => collector.close(),
  };
}

/** How many bursts go by before the same series are touched again. */
const SEGMENTS = 8;

/** The series that the records of a burst go to, at random, and others in the next. */
class Order {
  /** The series of the present burst's records. */
  now: Int32Array;
  private readonly all: Int32Array;
  private segment = 0;
  private readonly visited = new Set([0]);

  constructor(series: number) {
    let state = 12_345;
    this.all = Int32Array.from({ length: SEGMENTS * BURST }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
      return Math.floor(((state >>> 0) / 2 ** 32) * series);
    });
    this.now = this.segmentAt(0);
  }

  moveOn(): void {
    this.segment = (this.segment + 1) % SEGMENTS;
    this.visited.add(this.segment);
    this.now = this.segmentAt(this.segment);
  }

  /** What the series add up to when every record has set the series' own level. */
  sumOfLevels(): number {
    return sumOver([...new Set([...this.visited].flatMap((segment) => [...this.segmentAt(segment)]))], levelOf);
  }

  private segmentAt(segment: number): Int32Array {
    return this.all.subarray(segment * BURST, (segment + 1) * BURST);
  }
}

const levelOf = (series: number): number => series + 0.5;

function bindAll<T>(series: number, bind: (labels: { id: number }) => T): T[] {
  return Array.from({ length: series }, (_, id) => bind({ id }));
}

function sumOver<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((sum, item) => sum + of(item), 0);
}

function floor(_: MetricsCollector, series: number, order: Order): Benchmark {
  const stored = new Float64Array(8);
  const objects = Array.from({ length: series }, (_, id) => ({ id, stored }));
  return {
    kind: 'gauge',
    moveOn: () => order.moveOn(),
    run: (records) => {
      const { now } = order;
      for (let i = 0; i < records; i++) {
        const object = objects[now[i]];
        object.stored[i & 7] = object.id;
      }
    },
    read: () => ({ sum: sumOver([...stored], (id) => id) }),
    expectedSum: (lastRun) => sumOver([...order.now.subarray(lastRun - 8, lastRun)], (id) => id),
  };
}

/** What is inside of a bound counter. */
interface CounterInside {
  readonly code: number;
  readonly recorder: { record(code: number, aux: number, value: number): void };
}

function event(collector: MetricsCollector, series: number, order: Order): Benchmark {
  const metric = collector.counter(`flat_${series}_events_total`, { labelNames: ['id'] });
  const handles = bindAll(series, (labels) => metric.labels(labels));
  const insides = handles as unknown as CounterInside[];
  const { recorder } = insides[0];
  const codes = Int32Array.from(insides, ({ code }) => code);
  return {
    kind: 'counter',
    moveOn: () => order.moveOn(),
    run: (records) => {
      const { now } = order;
      for (let i = 0; i < records; i++) recorder.record(codes[now[i]], 0, 1);
    },
    read: () => ({ count: sumOver(handles, (handle) => handle.getValue()) }),
  };
}

function counter(collector: MetricsCollector, series: number, order: Order): Benchmark {
  const metric = collector.counter(`flat_${series}_total`, { labelNames: ['id'] });
  const handles = bindAll(series, (labels) => metric.labels(labels));
  return {
    kind: 'counter',
    moveOn: () => order.moveOn(),
    run: (records) => {
      const { now } = order;
      for (let i = 0; i < records; i++) handles[now[i]].increment();
    },
    read: () => ({ count: sumOver(handles, (handle) => handle.getValue()) }),
  };
}

function gauge(collector: MetricsCollector, series: number, order: Order): Benchmark {
  const metric = collector.gauge(`flat_${series}`, { labelNames: ['id'] });
  const handles = bindAll(series, (labels) => metric.labels(labels));
  return {
    kind: 'gauge',
    moveOn: () => order.moveOn(),
    run: (records) => {
      const { now } = order;
      for (let i = 0; i < records; i++) handles[now[i]].set(levelOf(now[i]));
    },
    read: () => ({ sum: sumOver(handles, (handle) => handle.getValue()) }),
    expectedSum: () => order.sumOfLevels(),
  };
}

function histogram(collector: MetricsCollector, series: number, order: Order): Benchmark {
  const metric = collector.histogram(`flat_${series}_seconds`, { labelNames: ['id'], buckets: BUCKETS });
  const handles = bindAll(series, (labels) => metric.labels(labels));
  return {
    kind: 'histogram',
    moveOn: () => order.moveOn(),
    run: (records) => {
      const { now } = order;
      for (let i = 0; i < records; i++) handles[now[i]].observe(values[i & VALUE_MASK]);
    },
    read: () => sumOfPairs(handles.map((handle) => handle.getValue())),
  };
}

function summary(collector: MetricsCollector, series: number, order: Order): Benchmark {
  const metric = collector.summary(`flat_${series}_reply_seconds`, { labelNames: ['id'], maxSamples: 2 ** 31 });
  const handles = bindAll(series, (labels) => metric.labels(labels));
  return {
    kind: 'summary',
    moveOn: () => order.moveOn(),
    run: (records) => {
      const { now } = order;
      for (let i = 0; i < records; i++) handles[now[i]].observe(values[i & VALUE_MASK]);
    },
    read: () => sumOfPairs(handles.map((handle) => handle.getStatistics())),
  };
}

function sumOfPairs(pairs: readonly { count: number; sum: number }[]): Total {
  return { count: sumOver(pairs, ({ count }) => count), sum: sumOver(pairs, ({ sum }) => sum) };
}
