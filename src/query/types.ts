/** A label matcher of a selector. */
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
   * The series that fulfil all matchers, with their samples from `from` to `to`, both included. Sources should return
   * the same labels object for a series each time: results are cached by its identity.
   *
   * @param hints which samples are needed; a source may return more
   */
  select(matchers: readonly Matcher[], from: number, to: number, hints?: SelectHints): readonly SampleSeries[];
  /** Like `select`, but lazily in slices. For sources that would read for more than 5 ms. */
  slices?(
    matchers: readonly Matcher[],
    from: number,
    to: number,
    hints?: SelectHints,
  ): Iterable<readonly SampleSeries[]>;
}

/** The result of an instant query; times in wall-clock milliseconds. */
export type QueryResult =
  | { readonly type: 'scalar'; readonly time: number; readonly value: number }
  | { readonly type: 'string'; readonly time: number; readonly value: string }
  | {
      readonly type: 'vector';
      readonly samples: readonly { readonly labels: LabelSet; readonly time: number; readonly value: number }[];
    }
  | RangeResult;

/** The result of a range query, or of an instant query of a range vector. */
export interface RangeResult {
  readonly type: 'matrix';
  readonly series: readonly {
    readonly labels: LabelSet;
    readonly times: readonly number[];
    readonly values: readonly number[];
  }[];
}

/** Limits of an evaluation. */
export interface QueryLimits {
  /** Samples that it may hold at the same time. */
  readonly maxSamples: number;
  /** Estimated bytes that it may take for labels, pairs of series and the result. */
  readonly maxBytes: number;
  /** Milliseconds. */
  readonly timeout: number;
}

/** Evaluates PromQL. It lets the event loop turn every few milliseconds, and can be aborted in between. */
export interface QueryEngine {
  /** @throws RingmeterError RINGMETER_INVALID_QUERY, RINGMETER_QUERY_LIMIT; the signal's reason */
  instant(expression: string, time: number, signal?: AbortSignal): Promise<QueryResult>;
  /** All in milliseconds; `end` is included. Throws as `instant` does. */
  range(expression: string, start: number, end: number, step: number, signal?: AbortSignal): Promise<RangeResult>;
}
