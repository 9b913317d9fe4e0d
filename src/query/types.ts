/** What has to hold between a label of a series and a selector, as PromQL writes it. */
export interface Matcher {
  /** `__name__` for the name of the metric. */
  readonly name: string;
  readonly operator: '=' | '!=' | '=~' | '!~';
  readonly value: string;
}

/** Labels of a series or of a result; `__name__` is one of them where there is a name. */
export type LabelSet = Readonly<Record<string, string>>;

/** The samples of one line (`x`, `x_bucket{le}`, `x_sum` ...), ascending by time. */
export interface SampleSeries {
  readonly labels: LabelSet;
  /** Wall-clock milliseconds. */
  readonly times: Float64Array;
  readonly values: Float64Array;
  /** 1 where a sample says that the series ended (Prometheus' staleness marker); left out if none does. */
  readonly stale?: Uint8Array;
}

export interface SelectHints {
  /** Only the last sample of each series. */
  readonly latest?: boolean;
  /** Only whether each series has samples: any one that is no staleness marker will do. */
  readonly presence?: boolean;
}

/** Where samples come from: the history of a `MemoryStorage`, or any other. Reading is synchronous and short. */
export interface SampleSource {
  /**
   * The series that fulfil all matchers, with their samples from `from` to `to`, both included. The object of a series'
   * labels may be the same each time: what is made of it is kept as long as it is.
   *
   * @param hints what of it is wanted; a source may give more
   */
  select(matchers: readonly Matcher[], from: number, to: number, hints?: SelectHints): readonly SampleSeries[];
  /** The same, some series at a time, each read when it is asked for: what a source has that reads for more than 5 ms. */
  slices?(
    matchers: readonly Matcher[],
    from: number,
    to: number,
    hints?: SelectHints,
  ): Iterable<readonly SampleSeries[]>;
}

/** What an instant query gives, times in wall-clock milliseconds. */
export type QueryResult =
  | { readonly type: 'scalar'; readonly time: number; readonly value: number }
  | { readonly type: 'string'; readonly time: number; readonly value: string }
  | {
      readonly type: 'vector';
      readonly samples: readonly { readonly labels: LabelSet; readonly time: number; readonly value: number }[];
    }
  | RangeResult;

/** What a range query gives, and an instant query whose expression is a range. */
export interface RangeResult {
  readonly type: 'matrix';
  readonly series: readonly {
    readonly labels: LabelSet;
    readonly times: readonly number[];
    readonly values: readonly number[];
  }[];
}

/** What an evaluation may take. */
export interface QueryLimits {
  /** Samples that it may hold at one time. */
  readonly maxSamples: number;
  /** Bytes that it may take for labels, pairs of series and the result, as they are estimated. */
  readonly maxBytes: number;
  /** Milliseconds. */
  readonly timeout: number;
}

/** Evaluates PromQL. It lets the event loop turn every few milliseconds, and can be given up in between. */
export interface QueryEngine {
  /** @throws RingmeterError RINGMETER_INVALID_QUERY, RINGMETER_QUERY_LIMIT; the signal's reason */
  instant(expression: string, time: number, signal?: AbortSignal): Promise<QueryResult>;
  /** All in milliseconds; `end` is included. Throws as `instant` does. */
  range(expression: string, start: number, end: number, step: number, signal?: AbortSignal): Promise<RangeResult>;
}
