/** One line that a metric shows for each of its series, as Prometheus names it. Its value is the sum of some columns. */
export interface Sample {
  /** Suffix of the metric's name: '', '_bucket', '_sum' or '_count'. */
  readonly suffix: string;
  /** The label the metric itself adds: `le` or `quantile`. */
  readonly label?: readonly [name: string, value: string];
  /** Range of columns to add up, relative to the series' first column; `end` is exclusive. */
  readonly begin: number;
  readonly end: number;
  /** Whether the line is the total since the series began, from zero. */
  readonly isCumulative?: boolean;
  /** Whether the line is NaN before the first record. Other lines are 0 then. */
  readonly isEmptyAtFirst?: boolean;
}

/** The value of a line in a snapshot, for the series whose columns begin at `column`. */
export function readSample({ begin, end }: Sample, values: Float64Array, column: number): number {
  let sum = 0;
  for (let at = column + begin; at < column + end; at++) sum += values[at];
  return sum;
}

/** The value of a line before the first record of its series. */
export function valueAtFirst({ isEmptyAtFirst }: Sample): number {
  return isEmptyAtFirst ? Number.NaN : 0;
}

/** Writes the values of one series' lines, in the order of the kind's `samples`, to the beginning of `out`. */
export type SampleReader = (values: Float64Array, column: number, out: Float64Array) => void;
