import type { Block, Grid } from './block';
import { compareLabels } from './labels';
import type { QueryResult, RangeResult } from './types';
import type { Ranges } from './windows';

/** The one step of an instant query. */
export function instantOf({ labels, values, present }: Block, time: number): QueryResult {
  const samples = labels.flatMap((one, series) =>
    present[series] === 1 ? [{ labels: one, time, value: values[series] }] : [],
  );
  return { type: 'vector', samples };
}

/** All steps of a range query, the series in the order of their labels. */
export function matrixOf({ labels, values, present, steps }: Block, { start, step }: Grid): RangeResult {
  const series = labels.map((one, index) => {
    const result = { labels: one, times: [] as number[], values: [] as number[] };
    for (let at = 0; at < steps; at++) {
      if (present[index * steps + at] === 0) continue;
      result.times.push(start + at * step);
      result.values.push(values[index * steps + at]);
    }
    return result;
  });
  return {
    type: 'matrix',
    series: series.filter(({ times }) => times.length > 0).sort((a, b) => compareLabels(a.labels, b.labels)),
  };
}

/** The samples of the one range of an instant query. */
export function samplesOf({ lines, range, ends }: Ranges): RangeResult {
  const isInside = (time: number): boolean => time >= ends.first - range && time <= ends.first;
  const series = lines.map(({ labels, times, values }) => ({
    labels,
    times: [...times].filter(isInside),
    values: [...values].filter((_, index) => isInside(times[index])),
  }));
  return { type: 'matrix', series: series.filter(({ times }) => times.length > 0) };
}
