/** One line that a metric shows for each of its series, as Prometheus names it. Its value is the sum of some columns. */
export interface Sample {
  /** What follows the metric's name: '', '_bucket', '_sum' or '_count'. */
  readonly suffix: string;
  /** The label the metric itself adds: `le` or `quantile`. */
  readonly label?: readonly [name: string, value: string];
  /** Columns that are added up, counted from the first of the series; `end` is not included. */
  readonly begin: number;
  readonly end: number;
  /** Whether it adds up everything since the series began, from zero. */
  readonly isCumulative?: boolean;
  /** Whether it is NaN while nothing has been recorded. Other lines are 0 then. */
  readonly isEmptyAtFirst?: boolean;
}

/** The value of a line in a snapshot, of the series that begins at `column`. */
export function readSample({ begin, end }: Sample, values: Float64Array, column: number): number {
  let sum = 0;
  for (let at = column + begin; at < column + end; at++) sum += values[at];
  return sum;
}

/** The value of a line of a series that has recorded nothing. */
export function valueAtFirst({ isEmptyAtFirst }: Sample): number {
  return isEmptyAtFirst ? Number.NaN : 0;
}

/** Writes the values of one series' lines, in the order of the kind's `samples`, to the beginning of `out`. */
export type SampleReader = (values: Float64Array, column: number, out: Float64Array) => void;

/** A number as label values and text formats show it: the shortest digits that read back as the same number. */
export function formatNumber(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}
