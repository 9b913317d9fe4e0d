import type { ResolvedQuery, TimeSeries } from '../../delivery/types';
import type { HistoryWindow } from '../../history/window';
import { cumulativeQuantile } from '../../kinds/histogram-value';
import { columnCount, kindOf } from '../../kinds/kinds';
import { increase, rate, type TimedValues } from '../../query/increase';
import type { Selected } from './selection';

/** Answers a query for one series: the points of its lines, or the result of the query's function over them. */
export function evaluate(query: ResolvedQuery, window: HistoryWindow, series: Selected): TimeSeries[] {
  const lines = readLines(window, series);
  if (query.function === undefined)
    return series.lines.map((line) => label(series, line, pointsOf(lines[line]))).filter(({ points }) => points.length);
  const { times } = window;
  const from = Number.isFinite(query.from) ? query.from : times[0];
  const to = Number.isFinite(query.to) ? query.to : times[times.length - 1];
  if (query.function === 'quantile') {
    const value = quantileOf(query.quantile!, lines, series, from, to);
    const { definition, labels } = series;
    return value === undefined
      ? []
      : [{ name: definition.name, labels: Object.fromEntries(labels), points: [{ timestamp: to, value }] }];
  }
  const evaluateLine = query.function === 'rate' ? rate : increase;
  return series.lines.flatMap((line) => {
    const value = evaluateLine(lines[line], from, to);
    return value === undefined ? [] : [label(series, line, [{ timestamp: to, value }])];
  });
}

/** A quantile of what was observed between two moments: `histogram_quantile(quantile, increase(...))`. */
function quantileOf(
  quantile: number,
  lines: readonly TimedValues[],
  { definition: { buckets } }: Selected,
  from: number,
  to: number,
): number | undefined {
  let most = 0;
  const counts: number[] = [];
  for (let bucket = 0; bucket <= buckets.length; bucket++) {
    const count = increase(lines[bucket], from, to);
    if (count === undefined) return undefined;
    // buckets are extrapolated separately, so a bucket may come out smaller than the one below
    most = Math.max(most, count);
    counts.push(most);
  }
  return cumulativeQuantile(quantile, buckets, counts);
}

/** All the lines of a series, in their order, without the moments at which it had been removed. */
function readLines(window: HistoryWindow, { definition, samples, column, birth }: Selected): TimedValues[] {
  const { times } = window;
  const columns = Array.from({ length: columnCount(definition) }, () => new Float64Array(times.length));
  const first = Math.max(...columns.map((values, index) => window.read(column + index, birth, values)));
  const there = presentAt(columns[kindOf(definition).presenceColumn], first);
  const row = new Float64Array(columns.length);
  const read = kindOf(definition).sampleReader(definition);
  const lines = samples.map(() => new Float64Array(there.length));
  const out = new Float64Array(lines.length);
  for (let index = 0; index < there.length; index++) {
    for (let column = 0; column < row.length; column++) row[column] = columns[column][there[index]];
    read(row, 0, out);
    for (let line = 0; line < out.length; line++) lines[line][index] = out[line];
  }
  const timesThere = Float64Array.from(there, (index) => times[index]);
  return lines.map((values) => ({ times: timesThere, values, first: 0 }));
}

/** The indexes from `first` on at which the series was present: not removed. */
function presentAt(presence: Float64Array, first: number): Uint32Array {
  const there = new Uint32Array(presence.length - first);
  let count = 0;
  for (let index = first; index < presence.length; index++) if (!Number.isNaN(presence[index])) there[count++] = index;
  return there.subarray(0, count);
}

function pointsOf({ times, values, first }: TimedValues): TimeSeries['points'] {
  const points: TimeSeries['points'] = [];
  for (let index = first; index < times.length; index++) points.push({ timestamp: times[index], value: values[index] });
  return points;
}

function label({ definition, samples, labels }: Selected, line: number, points: TimeSeries['points']): TimeSeries {
  const { suffix, label } = samples[line];
  return {
    name: `${definition.name}${suffix}`,
    labels: Object.fromEntries(label === undefined ? labels : [...labels, label]),
    points,
  };
}
