/** What the benchmark asks of a library, and all that it knows about one. */

/** The rows of the table. */
export const OPERATIONS = [
  'counter, no labels',
  'counter, bound',
  'counter, label object',
  'gauge set, bound',
  'gauge set, label object',
  'histogram, no labels',
  'histogram, bound',
  'histogram, label object',
  'summary, bound',
  'summary, label object',
] as const;
export type Operation = (typeof OPERATIONS)[number];

/** What a library says that it has recorded. */
export interface Total {
  /** Counters: the sum over all series. Histograms and summaries: the number of observations over all series. */
  count?: number;
  /** Histograms and summaries: the sum of the observations. Gauges: the sum of the series' present values. */
  sum?: number;
}

/** One operation of one library. */
export interface Benchmark {
  readonly kind: 'counter' | 'gauge' | 'histogram' | 'summary';
  /**
   * Makes `records` records. The loop is here, in the contender's own file, so that what is timed is what a user's code
   * would do: no callback per record. Counters count by 1; the i-th record of a gauge, histogram or summary has the
   * value `values[i & VALUE_MASK]`; it goes to handle `i & SERIES_MASK` or has the labels `labelsOf(i)`.
   */
  run(records: number): void;
  /** Reads back what has been recorded. */
  read(): Total | Promise<Total>;
  /** Goes on to other series, if there are more than a burst can touch. Called before every burst. */
  moveOn?(): void;
  /** What a gauge's sum must be if it does not set `values`; `lastRun` is the number of records of the last run. */
  expectedSum?(lastRun: number): number;
}

/** A library in this process, ready to record. */
export interface Session {
  /** By the name of their row. What a library does not have is left out. */
  readonly benchmarks: Readonly<Record<string, Benchmark>>;
  /** Uses the rest of the library once, as a real program would have, so that V8 does not take it for unused. */
  exercise?(): void | Promise<void>;
  /** Between two bursts, outside what is timed. */
  settle?(): Promise<void>;
  /** Says what is wrong with the totals over all operations, if anything is. */
  audit?(): string | undefined;
  /** Left out where the heap is too large to be collected again and again. */
  readonly countsBytes: boolean;
  close?(): Promise<void>;
}

/** One file of this folder exports one of these as `contender`. */
export interface Contender {
  /** Name and version, as the table's heading. */
  readonly title: string;
  /** A sentence that says why it cannot run here; undefined if it can. */
  readonly skipped?: string;
  open(): Session | Promise<Session>;
}
