import type { MessagePort, Worker } from 'node:worker_threads';
import type { RequestLabels } from '../workload';

/** All that the benchmarks know about a library. One file of this folder per contender exports one as `contender`. */
export interface Contender {
  /** Name and version, as the tables' headings. */
  readonly title: string;
  /** What it has of these. */
  readonly kinds: readonly Kind[];
  open(options: OpenOptions): Library | Promise<Library>;
}

/** `window`: a summary whose quantiles are about a sliding window. */
export const KINDS = ['counter', 'gauge', 'histogram', 'summary', 'window'] as const;
export type Kind = (typeof KINDS)[number];

/** Where metrics are sent or written to. */
export type Target = 'file' | 'pushgateway' | 'remote-write' | 'otlp';

export interface OpenOptions {
  /** What `Library.flush` delivers to. */
  deliverTo?: { target: Target; url: string; directory: string };
  /** The most series that one metric is going to have. */
  series: number;
  /** What another thread's `Library.handle` was, where threads share one collector. */
  joins?: unknown;
  /** Of libraries that have such; left out: their default. */
  flushWorkers?: number;
  ringCapacity?: number;
  drainInterval?: number;
}

/** A library in this process, ready to record. */
export interface Library {
  /** A metric without labels. */
  plain(kind: Kind, name: string): Metric;
  /** A metric with the three labels LABEL_NAMES. */
  labelled(kind: Kind, name: string): LabelledMetric;
  /** Opens what a scraper reads, the way the library's own documentation shows. */
  serve?(): Promise<Served>;
  /** Delivers everything once, the way the library's own documentation shows; returns when it has arrived. */
  flush?(): Promise<void>;
  /** How often that has succeeded, if the library says so. */
  flushed?(): number;
  /** On the main thread: the same for what these worker threads have recorded, added up. */
  serveSum?(workers: readonly Worker[]): Promise<Served>;
  /** On such a worker thread: makes it ready to be asked. */
  answerSum?(port: MessagePort): void;
  /** What worker threads need to record into this one. Without it every thread has a library of its own. */
  readonly handle?: unknown;
  /** Uses the rest of the library once, as a real program would have, so that V8 does not take it for unused. */
  exercise?(): void | Promise<void>;
  /** Between two bursts, outside what is timed: returns when nothing recorded is left to be worked on. */
  settle?(): Promise<void>;
  /** After bursts with `settle` between them: says what is wrong with the library's own account, if anything is. */
  audit?(): string | undefined;
  close?(): Promise<void>;
}

/**
 * Makes one record for every entry of `order`: to the series of that number, counters by 1, everything else with the
 * value `values[i & VALUE_MASK]` of its place i. The loop is in the contender's own file, so that what is timed is what a
 * user's code would do: no callback per record.
 */
export type Loop = (order: Int32Array) => void;

export interface Metric {
  readonly run: Loop;
  /** Reads back what has been recorded. */
  read(): Total | Promise<Total>;
}

export interface LabelledMetric extends Metric {
  /** With a label object that is made for each record. */
  readonly run: Loop;
  /** One such record. Counters count `value`. */
  record(labels: RequestLabels, value: number): void;
  /** Resolves a handle for each of the first `series` label sets, if the library has handles. */
  bind?(series: number): Loop;
}

/** What a library says that it has recorded. */
export interface Total {
  /** Counters: the sum over all series. Histograms and summaries: the number of observations over all series. */
  count: number;
  /** Histograms and summaries: the sum of the observations, if known. Gauges: the sum of the series' present values. */
  sum?: number;
}

export interface Served {
  url: string;
  close(): Promise<void>;
}
